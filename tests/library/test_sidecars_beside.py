"""Which photos a sidecar speaks of, and how another state of it is noticed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photoclip.library.scan import Scan
from photoclip.library.sidecars.beside import sidecar_state, with_photos_beside
from tests.library.catalog.catalog_helpers import make_folder

NAMES = ["x.jpg", "x.JPG", "x.cr2", "x.png", "y.jpg", "x.jpg.xmp", "x.xmp", "x.XMP", "y.jpg.XMP", "z.xmp"]


def listed(folder: Path) -> dict[bytes, bytes]:
    """The state of each photo's sidecars as a scan of the folder sees it."""
    scan = Scan()
    return {found.path: sidecar_state(found.path, scan.listing) for found in scan.walk(os.fsencode(folder))}


@given(st.sets(st.sampled_from(NAMES)))
def test_a_scan_sees_what_a_look_at_one_photo_sees(
    tmp_path_factory: pytest.TempPathFactory, names: set[str]
) -> None:
    folder = tmp_path_factory.mktemp("p")
    for name in names:
        (folder / name).write_bytes(b"1")
    for photo, state in listed(folder).items():
        assert state == sidecar_state(photo)
        own = {f"{Path(os.fsdecode(photo)).name}{ending}" for ending in (".xmp", ".XMP")}
        assert state or not own & names


def test_every_change_is_another_state(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "p")
    photo, sidecar = folder + b"/x.jpg", tmp_path / "p" / "x.jpg.xmp"
    Path(os.fsdecode(photo)).write_bytes(b"1")
    states = [sidecar_state(photo)]
    for data, time in ((b"1", 1), (b"1", 2), (b"12", 2)):
        sidecar.write_bytes(data)
        os.utime(sidecar, (time, time))
        states.append(sidecar_state(photo))
    sidecar.rename(tmp_path / "p" / "x.xmp")
    states.append(sidecar_state(photo))
    assert states[0] == b""
    assert len(set(states)) == len(states)
    assert listed(tmp_path / "p") == {photo: states[-1]}


def test_a_link_to_nothing_is_no_sidecar(tmp_path: Path) -> None:
    (tmp_path / "x.jpg").write_bytes(b"1")
    (tmp_path / "x.jpg.xmp").symlink_to(tmp_path / "nowhere")
    assert listed(tmp_path) == {bytes(tmp_path / "x.jpg"): b""}
    assert sidecar_state(bytes(tmp_path / "x.jpg")) == b""


def test_photos_beside(tmp_path: Path) -> None:
    for name in ("x.jpg", "x.cr2", "xx.jpg", "y.jpg", ".x.jpg", "x.txt"):
        (tmp_path / name).write_bytes(b"1")

    def meant(*names: str) -> set[str]:
        found = with_photos_beside(frozenset(bytes(tmp_path / name) for name in names))
        return {os.fsdecode(os.path.relpath(path, bytes(tmp_path))) for path in found} - set(names)

    assert meant("x.jpg") == set()
    assert meant("x.jpg.xmp") == {"x.jpg"}
    assert meant("x.xmp") == {"x.jpg", "x.cr2"}
    assert meant("x.xmp", "y.jpg.XMP") == {"x.jpg", "x.cr2", "y.jpg"}
    assert meant("gone/x.xmp") == set()
