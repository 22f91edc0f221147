from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xxhash
from PIL import Image

from photoclip.library import query_vectors, worker
from photoclip.library.worker import Gone, Prepared, Refused, Task, prepare
from photoclip.pixels import PixelSpec
from tests.library.pictures import jpeg, picture

SPEC = PixelSpec(32)


def test_one_read_gives_everything(tmp_path: Path) -> None:
    path = tmp_path / "red.jpg"
    path.write_bytes(jpeg("red"))
    found = prepare(Task(bytes(path), SPEC))
    assert isinstance(found, Prepared)
    assert (found.size, found.mtime_ns) == (path.stat().st_size, path.stat().st_mtime_ns)
    assert found.hash == xxhash.xxh3_128_digest(path.read_bytes())
    assert found.picture is not None
    assert (found.picture.width, found.picture.height, found.picture.format) == (64, 48, "JPEG")
    assert len(found.picture.pixels) == 32 * 32 * 3
    assert found.picture.thumbnail.startswith(b"\xff\xd8")
    colour = found.picture.colour.to_bytes(3, "big")
    assert np.abs(np.frombuffer(colour, np.uint8).astype(int) - (220, 30, 30)).max() < 10


def test_an_animation_is_marked(tmp_path: Path) -> None:
    path = tmp_path / "moves.gif"
    picture("red").save(path, save_all=True, append_images=[picture("blue")])
    found = prepare(Task(bytes(path), SPEC))
    assert isinstance(found, Prepared)
    assert found.picture is not None
    assert found.picture.animated


def test_known_content_is_not_decoded_again(tmp_path: Path) -> None:
    path = tmp_path / "letter.jpg"
    path.write_bytes(b"not a picture at all")
    found = prepare(Task(bytes(path), SPEC, xxhash.xxh3_128_digest(path.read_bytes())))
    assert isinstance(found, Prepared)
    assert found.picture is None


def test_difference_hash_survives_resizing_and_tells_pictures_apart() -> None:
    noise = Image.fromarray(np.random.default_rng(5).integers(0, 255, (12, 16, 3), np.uint8))
    large = noise.resize((640, 480), Image.Resampling.BICUBIC)
    here, there = worker.difference_hash(large), worker.difference_hash(large.resize((300, 225)))
    assert (here ^ there).bit_count() <= 3
    assert (here ^ worker.difference_hash(large.transpose(Image.Transpose.ROTATE_180))).bit_count() > 15
    assert -(2**63) <= here < 2**63


def test_mean_colour() -> None:
    assert worker.mean_colour(Image.new("RGB", (30, 20), (1, 2, 255))) == 0x0102FF
    assert worker.mean_colour(picture("blue")) & 0xFF > 200


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "empty"), (b"a letter", "text file"), (jpeg("red")[:100], "damaged")],
)
def test_refusals_name_the_state_of_the_file(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "x.jpg"
    path.write_bytes(data)
    found = prepare(Task(bytes(path), SPEC))
    assert isinstance(found, Refused)
    assert reason in found.reason
    assert (found.size, found.mtime_ns) == (len(data), path.stat().st_mtime_ns)


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    path = bytes(tmp_path / "gone.jpg")
    assert prepare(Task(path, SPEC)) == Gone(path)


def test_a_folder_named_like_a_photo(tmp_path: Path) -> None:
    (tmp_path / "x.jpg").mkdir()
    found = prepare(Task(bytes(tmp_path / "x.jpg"), SPEC))
    assert isinstance(found, Refused)
    assert "folder" in found.reason


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs on this system")
def test_a_fifo_does_not_hang_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.jpg")
    found = prepare(Task(bytes(tmp_path / "x.jpg"), SPEC))
    assert isinstance(found, Refused)
    assert found.reason == "This is a pipe, not a file."


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path: Path) -> None:
    path = tmp_path / "x.jpg"
    path.write_bytes(jpeg("red"))
    path.chmod(0)
    found = prepare(Task(bytes(path), SPEC))
    assert isinstance(found, Refused)
    assert "not allowed" in found.reason


def test_permission_in_words() -> None:
    assert "not allowed to read" in worker._why(PermissionError(13, "Permission denied"))
    assert worker._why(OSError(5, "Input/output error")) == "The file cannot be read: Input/output error."


def test_a_file_written_while_it_is_read_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.jpg"
    path.write_bytes(jpeg("red")[:300])
    real, looks = os.fstat, []

    def fstat(handle: int) -> os.stat_result:
        looks.append(handle)
        if len(looks) == 2:  # between the first reading and the look after it
            path.write_bytes(jpeg("red"))
        return real(handle)

    monkeypatch.setattr(os, "fstat", fstat)
    data, size, _ = worker.read_file(bytes(path))
    assert data == jpeg("red")
    assert size == len(data)


def test_the_worker_starts_light() -> None:
    code = (
        "import sys, photoclip.library.worker;"
        "names = 'numpy torch PySide6 sqlite3 rawpy pylibjxl pi_heif PIL.ImageCms'.split();"
        "print([name for name in names if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_names_of_any_bytes(tmp_path: Path) -> None:
    for name in (b"new\nline.jpg", "\N{SLED} sled.jpg".encode(), b"caf\xe9.jpg"):
        path = bytes(tmp_path) + b"/" + name
        try:
            Path(os.fsdecode(path)).write_bytes(jpeg("blue"))
        except OSError:
            continue  # this file system wants UTF-8
        assert isinstance(prepare(Task(path, SPEC)), Prepared)


def test_a_photo_gives_the_model_the_same_pixels_as_a_query_and_in_the_library(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    noise = np.random.default_rng(0).integers(0, 255, (30, 40, 3), np.uint8)
    Image.fromarray(noise).resize((1600, 1200)).save(path)
    spec = PixelSpec(96)
    prepared = prepare(Task(bytes(path), spec))
    assert isinstance(prepared, Prepared)
    assert prepared.picture is not None
    assert query_vectors._read_pixels(bytes(path), spec).tobytes() == prepared.picture.pixels
