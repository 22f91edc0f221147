"""Paths as long as the system takes them and longer, names of any bytes; clocks that are wrong."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console

from photoclip.cli import terminal
from photoclip.library.catalog.photos import photo_at
from photoclip.library.scan import Scan
from photoclip.paths import display, path_json
from tests.library.hostile.trial import Trial
from tests.library.pictures import jpeg

LONGEST = 4096  # bytes of a path on Linux, with the zero at its end
YEAR = 365 * 24 * 3600


def make_deep(root: Path, length: int) -> bytes:
    """Folders in folders, until a file inside has a path of `length` bytes; made step by step."""
    here = os.getcwd()  # noqa: PTH109
    path = bytes(root)
    os.chdir(root)
    try:
        while length - len(path) > 255 + len(b"/a.jpg"):
            name = b"d" * min(200, length - len(path) - len(b"//a.jpg") - 1)
            os.mkdir(name)  # noqa: PTH102
            os.chdir(name)
            path += b"/" + name
        name = b"n" * (length - len(path) - 1 - len(b".jpg")) + b".jpg"
        Path(os.fsdecode(name)).write_bytes(jpeg("red"))
    finally:
        os.chdir(here)
    return path + b"/" + name


def test_a_path_of_4000_bytes(trial: Trial) -> None:
    path = make_deep(trial.folder, 4000)
    assert len(path) == 4000
    last = trial.run()
    assert (last.added, last.failed) == (1, ())
    assert photo_at(trial.library.catalog, path) is not None


def test_the_longest_path_and_one_that_is_longer(trial: Trial) -> None:
    longest = make_deep(trial.folder, LONGEST - 1)
    (trial.folder / "x").mkdir()
    beyond = make_deep(trial.folder / "x", LONGEST)
    last = trial.run()
    assert last.added == 1
    assert photo_at(trial.library.catalog, longest) is not None
    assert [(f.path, f.reason) for f in last.failed] == [
        (beyond, "The file cannot be looked at: File name too long.")
    ]
    trial.assert_alive()


def test_folders_beyond_the_longest_path(trial: Trial) -> None:
    make_deep(trial.folder, LONGEST + 1000)
    (failure,) = trial.run().failed
    assert failure.reason == "This folder cannot be read: File name too long."
    trial.assert_alive()


NAMES = [
    b"new\nline.jpg",
    b"carriage\rreturn.jpg",
    b"\x1b[31mred\x1b[2J.jpg",
    b"caf\xe9 \xff.jpg",
    "turned \N{RIGHT-TO-LEFT OVERRIDE}gpj.exe.jpg".encode(),
    "zero\N{ZERO WIDTH JOINER}width.jpg".encode(),
    b"[bold]markup[bold] [] :smile:.jpg",
    b"%s %n {0} <b>.jpg",
    b"-rf.jpg",
    b" .jpg",
    b"n" * 251 + b".jpg",
    ("\N{SLED}" * 62 + "abc.jpg").encode(),
]


def test_names_of_any_bytes_and_any_length(trial: Trial) -> None:
    for seed, name in enumerate(NAMES):
        Path(os.fsdecode(bytes(trial.folder) + b"/" + name)).write_bytes(jpeg("blue", seed))
    last = trial.run()
    assert (last.added, last.failed) == (len(NAMES), ())
    assert all(photo_at(trial.library.catalog, bytes(trial.folder) + b"/" + name) for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_names_are_shown_on_one_line_and_steer_no_terminal(
    name: bytes, capsys: pytest.CaptureFixture
) -> None:
    shown = display(name)
    assert shown.isprintable()
    screen = terminal.console()
    assert isinstance(screen, Console)
    screen.print(shown, soft_wrap=True)
    assert capsys.readouterr().out == f"{shown}\n"
    assert path_json(name)["path"].encode()  # and JSON has the name itself


TIMES = {  # what the system does with a time that the file system cannot keep is its business
    "far future": 2**40,
    "file systems' last": 15_032_385_535,
    "catalog's last": 9_223_372_036,
    "next year": int(time.time()) + YEAR,
    "before 1970": -YEAR,
    "before 1902": -(2**40),
    "1970": 0,
}


def test_file_times_of_any_clock(trial: Trial) -> None:
    for seed, (name, seconds) in enumerate(TIMES.items()):
        path = trial.folder / f"{name}.jpg"
        path.write_bytes(jpeg("green", seed))
        bad = trial.folder / f"{name} bad.jpg"
        bad.write_bytes(b"a letter")
        os.utime(path, (seconds, seconds))
        os.utime(bad, (seconds, seconds))
    last = trial.run()
    assert (last.added, len(last.failed)) == (len(TIMES), len(TIMES))
    again = trial.run()
    assert (again.found, again.total) == (2 * len(TIMES), 0)  # each is known by its time


def test_a_time_beyond_the_catalogs_is_the_catalogs_last(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg("green"))
    os.utime(path, (15_000_000_000, 15_000_000_000))
    if path.stat().st_mtime_ns < 1 << 63:
        pytest.skip("this file system does not keep such times")
    (found,) = Scan().walk(bytes(tmp_path))
    assert found.mtime_ns == (1 << 63) - 1


def test_a_time_that_goes_backwards_is_a_change(trial: Trial) -> None:
    path = trial.folder / "a.jpg"
    path.write_bytes(jpeg("green"))
    trial.run()
    size = path.stat().st_size
    path.write_bytes(jpeg("green", 1)[:size].ljust(size, b"\0"))
    os.utime(path, (-YEAR, -YEAR))
    assert trial.run().changed == 1


@pytest.mark.parametrize(
    ("date", "taken"),
    [
        ("2099:01:02 03:04:05", 4_071_006_245.0),  # wrong, perhaps; but what the camera says
        ("9999:12:31 23:59:59", None),
        ("0000:00:00 00:00:00", None),
        ("2021:13:45 25:61:61", None),
        ("    :  :     :  :  ", None),
        ("2021:02:29 00:00:00", None),
        ("\xff\xff\xff\xff", None),
    ],
)
def test_cameras_clocks(trial: Trial, date: str, taken: float | None) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = date
    out = io.BytesIO()
    Image.new("RGB", (32, 24), "green").save(out, "JPEG", exif=exif)
    (trial.folder / "a.jpg").write_bytes(out.getvalue())
    assert trial.run().added == 1
    (row,) = trial.library.catalog.query("SELECT taken_at, taken_source FROM content")
    assert (row["taken_at"], row["taken_source"]) == (taken, "exif" if taken else None)
