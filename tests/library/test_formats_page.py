"""docs/formats.md says what the code does: the endings, the formats, and the numbers of the rules."""

from __future__ import annotations

import re
from pathlib import Path

from photoclip.library import worker
from photoclip.library.catalog import pairing
from photoclip.library.kinds import RAW_FORMATS
from photoclip.library.scan import EXTENSIONS, RAW_EXTENSIONS, VIDEO_EXTENSIONS
from photoclip.pixels import limits, video

PAGE = (Path(__file__).parents[2] / "docs" / "formats.md").read_text("utf-8")
CHAPTERS = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))


def endings(chapter: str) -> list[bytes]:
    """Those in the chapter's table."""
    rows = [line for line in CHAPTERS[chapter].splitlines() if line.startswith("| ")]
    return [ending.encode() for row in rows for ending in re.findall(r"`(\.\w+)`", row)]


def first_column(chapter: str) -> list[str]:
    rows = re.findall(r"^\| ([^|]+) \|", CHAPTERS[chapter], re.MULTILINE)
    return [name for row in rows[1:] for name in row.upper().split(", ")]


def test_every_ending_is_listed_once() -> None:
    pictures, raw, videos = (endings(chapter) for chapter in ("Pictures", "RAW", "Videos"))
    assert sorted(pictures + raw + videos) == sorted(EXTENSIONS)
    assert set(raw) == RAW_EXTENSIONS
    assert set(videos) == VIDEO_EXTENSIONS


def test_every_format_is_listed() -> None:
    assert sorted(first_column("RAW")) == sorted(RAW_FORMATS)
    assert sorted(first_column("Videos")) == sorted(video.FORMATS)


def test_the_numbers_are_the_codes() -> None:
    pairs = CHAPTERS["Several files, one photo"]
    assert f"more than {pairing.SAME_SECONDS:.0f} seconds apart" in pairs
    assert f"{pairing.LIVE_SECONDS:.0f} seconds at most" in pairs
    assert f"within {pairing.LIVE_APART:.0f} seconds of the picture" in pairs
    pixels = [limits.pixel_limit(name) // 1_000_000 for name in ("JPEG", "GIF", "JXL")]
    said = "{} megapixels (GIF {}, JPEG XL {})".format(*pixels)
    assert said in CHAPTERS["Pictures"]
    assert f"{worker.FILE_LIMIT >> 30} GiB" in CHAPTERS["Pictures"]
    frames = f"{video.LEAST_FRAMES} to {video.MOST_FRAMES} frames"
    assert frames in CHAPTERS["Videos"]
    assert f"each {video.SECONDS_A_FRAME:.0f} seconds" in CHAPTERS["Videos"]
    assert video.NEEDS_EXTRA.rpartition(": ")[2] in CHAPTERS["Videos"]
