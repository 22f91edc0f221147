"""Pictures at and over the pixel limits, told by their headers; folders with very many files."""

from __future__ import annotations

import struct
import threading
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from photoclip.errors import UnreadablePhoto
from photoclip.library.catalog.folders import list_folders
from photoclip.library.decoding import Decoders
from photoclip.library.pending import Plan, plan_folder
from photoclip.library.worker import Prepared, Task
from photoclip.pixels import PIXEL_LIMIT, PixelSpec, decode, limits
from tests.library.hostile.giants import CLAIMS, GIGAPIXEL, PHONE, claiming, phone_jpeg
from tests.library.hostile.many import fill
from tests.library.hostile.trial import Trial, assert_sentence

MANY = 20_000


def test_a_phones_201_megapixels_are_read_in_an_eighth_of_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "phone.jpg"
    path.write_bytes(phone_jpeg(*PHONE))
    decoders = Decoders(1, memory_limit=512 << 20)
    try:
        decoders.submit(Task(bytes(path), PixelSpec(224)))
        outcome = decoders.next_outcome(60)
    finally:
        decoders.close()
    assert isinstance(outcome, Prepared)
    assert outcome.picture is not None
    assert (outcome.picture.width, outcome.picture.height) == PHONE
    assert not outcome.picture.truncated
    assert outcome.picture.colour >> 16 > 180  # red, as it was made


@pytest.mark.parametrize("format", CLAIMS)
def test_a_gigapixel_is_refused_before_anything_is_decoded(
    format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    width, height = GIGAPIXEL
    data = claiming(format, width, height)
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("it was decoded"))
    with pytest.raises(UnreadablePhoto) as no:
        decode(data, shortest_side=64)
    if format == "AVIF":  # whose own reader has a limit just above ours
        assert str(no.value) == "This AVIF picture is damaged, or larger than PhotoClip accepts."
    else:
        assert f"{width} x {height} pixels, more than the" in str(no.value)
    assert_sentence(str(no.value))


@pytest.mark.parametrize("format", CLAIMS)
def test_as_many_pixels_as_the_limit_and_one_row_more(format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    width, limit = 16_000, limits.pixel_limit(format)
    data = claiming(format, width, limit // width + 1)
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("it was decoded"))
    with pytest.raises(UnreadablePhoto, match="megapixels"):
        decode(data, shortest_side=64)
    limits.check_size(width, limit // width, format)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "HEIF", "AVIF", "JXL", "RAW"])
def test_every_limit_but_gifs_is_above_todays_phones(format: str) -> None:
    assert PHONE[0] * PHONE[1] < limits.pixel_limit(format) <= PIXEL_LIMIT


def test_claims_go_through_decode_processes(trial: Trial) -> None:
    files = {f"{format}.jpg": claiming(format, *GIGAPIXEL) for format in CLAIMS}
    trial.try_files(files.items())
    assert trial.suspects == {}
    assert trial.read == set()


@pytest.mark.parametrize("edge", [0, 1, 2**31 - 1, 2**32 - 1])
def test_edges_of_numbers(trial: Trial, edge: int) -> None:
    files = {}
    for format in CLAIMS:
        for name, size in (("wide", (edge, 7)), ("high", (7, edge)), ("both", (edge, edge))):
            try:
                files[f"{format} {name}.jpg"] = claiming(format, *size)
            except struct.error:  # the format has no room for such a number
                continue
    trial.try_files(files.items())
    assert trial.suspects == {}


def measured(work: Callable[[], None]) -> int:
    """The most memory that was held at a time meanwhile, in bytes."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_many_files_in_one_folder_take_little_memory(trial: Trial) -> None:
    """A million, in `make soak`."""
    fill(trial.folder, MANY)
    (folder,) = list_folders(trial.library.catalog)
    plan = Plan()
    planned = measured(
        lambda: plan_folder(trial.library.catalog, folder.id, folder.path, plan, threading.Event())
    )
    assert (plan.found, len(plan.wanted)) == (MANY, MANY)
    assert planned < MANY * 800
