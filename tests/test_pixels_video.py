"""Videos: which frames stand for one, how they are turned, and what is refused."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photoclip.errors import UnreadablePhoto
from photoclip.pixels import video
from photoclip.pixels.orientation import UPRIGHT

av = pytest.importorskip("av")

from tests.library.fakes import COLOURS  # noqa: E402
from tests.library.video_files import CODECS, RATE, write_pictures, write_sound, write_video  # noqa: E402

SIDE = 336
# What a player turns by (anticlockwise, after mirroring) for each of EXIF's orientations.
TURNS = {1: (0, False), 2: (0, True), 3: (180, False), 4: (180, True), 6: (270, False), 8: (90, False)}


def read(path: Path, side: int = SIDE) -> video.Video:
    with path.open("rb") as file:
        return video.read(file, shortest_side=side)


def colour_of(image: Image.Image) -> str:
    """The nearest of the plain colours."""
    mean = np.asarray(image.convert("RGB")).mean(axis=(0, 1))
    return min(COLOURS, key=lambda name: float(np.abs(mean - COLOURS[name]).sum()))


def corners(size: tuple[int, int] = (64, 48)) -> Image.Image:
    """A picture with another colour in each corner, which tells every turn from every other."""
    picture = Image.new("RGB", size, COLOURS["white"])
    half = size[0] // 2, size[1] // 2
    for place, colour in enumerate(("red", "green", "blue")):
        picture.paste(COLOURS[colour], (place % 2 * half[0], place // 2 * half[1], *_end(place, half, size)))
    return picture


def _end(place: int, half: tuple[int, int], size: tuple[int, int]) -> tuple[int, int]:
    return (size[0] if place % 2 else half[0], size[1] if place // 2 else half[1])


@pytest.mark.parametrize("ending", CODECS)
def test_frames_are_spread_over_a_video(tmp_path: Path, ending: str) -> None:
    path = write_video(tmp_path / f"x{ending}", ["red", "green", "blue"], seconds=4)
    found = read(path)
    assert (found.width, found.height) == (64, 48)
    assert found.seconds == pytest.approx(12, abs=0.2)
    assert {colour_of(image) for image in found.images} == {"red", "green", "blue"}
    assert len(found.images) == 4
    assert not found.truncated
    with path.open("rb") as file:
        assert video.format_of(file.read(video.HEAD_BYTES)) == ending[1:].upper()


@pytest.mark.parametrize(
    ("seconds", "count"), [(0.0, 3), (9.9, 3), (10.0, 4), (60.0, 9), (130.0, 16), (1e6, 16)]
)
def test_longer_videos_have_more_frames_to_a_bound(seconds: float, count: int) -> None:
    assert video.frame_count(seconds) == count


def test_few_key_frames_are_made_up_for(tmp_path: Path) -> None:
    found = read(write_video(tmp_path / "x.mp4", ["red", "green", "blue"], seconds=2, key_every=10_000))
    assert {colour_of(image) for image in found.images} == {"red", "green", "blue"}


def test_the_poster_is_not_the_black_beginning(tmp_path: Path) -> None:
    found = read(write_video(tmp_path / "x.mp4", ["black", "red", "white"], seconds=2))
    assert colour_of(found.images[0]) == "red"
    assert 2 <= found.poster_at < 4


def test_the_poster_shows_most(tmp_path: Path) -> None:
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (48, 64, 3), np.uint8))
    plain = [Image.new("RGB", (64, 48), COLOURS["orange"])] * 2 * RATE
    path = write_pictures(tmp_path / "x.mp4", [*plain, *[noise] * RATE, *plain])
    found = read(path)
    assert colour_of(found.images[0]) != "orange"
    with path.open("rb") as file:
        again = video.read_frame(file, found.poster_at, shortest_side=SIDE)
    assert again.tobytes() == found.images[0].tobytes()


@pytest.mark.parametrize("ending", CODECS)
@pytest.mark.parametrize("orientation", TURNS)
def test_frames_are_turned_upright_once(tmp_path: Path, ending: str, orientation: int) -> None:
    degrees, mirrored = TURNS[orientation]
    upright = corners()
    stored = upright if orientation == 1 else upright.transpose(_inverse(orientation))
    path = write_pictures(tmp_path / f"x{ending}", [stored] * RATE, turned=degrees, mirrored=mirrored)
    found = read(path)
    assert (found.width, found.height) == upright.size
    for image in found.images:
        assert image.size == upright.size
        assert np.abs(np.asarray(image).astype(int) - np.asarray(upright)).mean() < 12


def _inverse(orientation: int) -> Image.Transpose:
    turns = {Image.Transpose.ROTATE_90: Image.Transpose.ROTATE_270}
    turns |= {there: back for back, there in turns.items()}
    return turns.get(UPRIGHT[orientation], UPRIGHT[orientation])


def test_pixels_that_are_not_square_are_made_so(tmp_path: Path) -> None:
    found = read(write_video(tmp_path / "x.mp4", ["red"], size=(72, 48), pixel_shape=(4, 3)))
    assert (found.width, found.height) == (96, 48)
    assert found.images[0].size == (96, 48)


def test_frames_are_no_larger_than_asked_for(tmp_path: Path) -> None:
    found = read(write_video(tmp_path / "x.mp4", ["red"], size=(640, 480)), 100)
    assert found.images[0].size == (133, 100)
    assert (found.width, found.height) == (640, 480)


def test_the_length_of_a_live_recording_is_found_out(tmp_path: Path) -> None:
    path = write_video(tmp_path / "x.webm", ["red", "blue"], seconds=3, options={"live": "1"})
    assert av.open(str(path)).duration is None
    found = read(path)
    assert found.seconds == pytest.approx(6, abs=0.3)
    assert {colour_of(image) for image in found.images} == {"red", "blue"}


def test_colours_of_hdr_are_brought_to_srgb(tmp_path: Path) -> None:
    from photoclip.pixels.video_frame import picture_of

    frame = av.VideoFrame(32, 32, "yuv420p10le")
    for plane, value in zip(frame.planes, (640, 460, 640), strict=True):
        plane.update(np.full(plane.buffer_size // 2, value, "<u2").tobytes())
    frame.color_primaries, frame.color_trc, frame.colorspace, frame.color_range = 9, 18, 9, 1
    red, green, blue = picture_of(frame, Fraction(1), SIDE).getpixel((9, 9))  # type: ignore[misc]
    plain = frame.to_image().getpixel((9, 9))
    assert red > plain[0] + 20  # a red of BT.2020 that the screen's red falls short of
    assert green < plain[1] - 10
    assert blue < plain[2] - 10


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\0\0\0\x18ftypisom", "MP4"),
        (b"\0\0\0\x14ftypqt  ", "MOV"),
        (b"\0\0\0\x08wide\0\0\0\0mdat", "MOV"),
        (b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm", "WEBM"),
        (b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x88matroska", "MKV"),
        (b"\0\0\0\x18ftypheic", None),
        (b"\0\0\0\x18ftypavif", None),
        (b"\0\0\0\x18ftypcrx ", None),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", None),
        (b"", None),
    ],
)
def test_the_first_bytes_tell_a_video(head: bytes, name: str | None) -> None:
    assert video.format_of(head) == name


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    sound = write_sound(tmp_path / "sound.mp4")
    whole = write_video(tmp_path / "x.mp4", ["red"]).read_bytes()
    for data, words in (
        (b"a letter", "not a video"),
        (sound.read_bytes(), "no moving pictures"),
        (whole[:200], "damaged"),
        (b"\0\0\0\x18ftypisom" + bytes(100), "damaged"),
    ):
        with pytest.raises(UnreadablePhoto, match=words):
            video.read(io.BytesIO(data), shortest_side=SIDE)


def test_of_a_video_cut_short_the_beginning_is_read(tmp_path: Path) -> None:
    options = {"movflags": "frag_keyframe+empty_moov"}
    path = write_video(tmp_path / "x.mp4", ["red", "blue"], seconds=4, size=(320, 240), options=options)
    data = path.read_bytes()
    found = video.read(io.BytesIO(data[: len(data) * 2 // 3]), shortest_side=SIDE)
    assert colour_of(found.images[0]) == "red"


def test_the_extra_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = write_video(tmp_path / "x.mp4", ["red"])
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    with pytest.raises(UnreadablePhoto, match=r"photoclip\[video\]"):
        read(path)
