"""Captions files: both formats, the split, and everything that can be wrong with one."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from photoclip.clip.training import captions
from photoclip.errors import PhotoClipError
from tests.clip.training.training_pictures import COLOURS, encoded, picture

ROWS = [(f"{number}.png", f"a {name} thing, number {number}", name)
        for number in range(12) for name in [list(COLOURS)[number % 3]]]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for image, _, name in ROWS:
        (tmp_path / image).write_bytes(encoded(picture(COLOURS[name], int(image.split(".")[0]))))
    return tmp_path


def write_csv(path: Path, rows: list[tuple[str, ...]], header: tuple[str, ...]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([header, *rows])
    return path


def test_both_formats_give_the_same_pictures_and_the_same_split(folder: Path) -> None:
    twice = [
        (image, text, label) for image, caption, label in ROWS for text in (caption, f'so "{label}",\nyes')
    ]
    table = write_csv(folder / "a.csv", twice, ("image", "caption", "label"))
    lines = [{"image": image, "captions": [caption, f'so "{label}",\nyes'], "label": label}
             for image, caption, label in ROWS]  # fmt: skip
    (folder / "a.jsonl").write_text("\n\n".join(map(json.dumps, lines)), encoding="utf-8")
    found = captions.read(table, seed=3)
    assert found == captions.read(folder / "a.jsonl", seed=3)
    assert (len(found.training), len(found.validation), found.skipped) == (11, 1, ())
    assert found.labels() == sorted(COLOURS)
    assert all(len(each.captions) == 2 for each in found.training)
    others = {captions.read(table, seed).validation[0].path for seed in range(6)}
    assert len(others) > 1


def test_copies_of_a_picture_are_on_one_side(folder: Path) -> None:
    rows = [(image, caption) for image, caption, _ in ROWS]
    for image, caption, _ in ROWS:
        shutil.copy(folder / image, folder / f"copy-{image}")
        rows.append((f"copy-{image}", caption))
    found = captions.read(write_csv(folder / "a.csv", rows, ("image", "caption")), share=0.5)
    sides = [{each.digest for each in side} for side in (found.training, found.validation)]
    assert [len(side) for side in sides] == [6, 6]
    assert not sides[0] & sides[1]
    assert len(found.validation) == 12


def test_a_split_in_the_file_is_kept_to(folder: Path) -> None:
    splits = ["train", "val", "test", ""] * 3
    rows = [(image, caption, split) for (image, caption, _), split in zip(ROWS, splits, strict=True)]
    found = captions.read(write_csv(folder / "a.csv", rows, ("image", "caption", "split")))
    assert [each.path.name for each in found.validation] == ["1.png", "5.png", "9.png"]
    assert [each.path.name for each in found.training] == [f"{n}.png" for n in (0, 3, 4, 7, 8, 11)]


def test_pictures_that_cannot_be_used_are_skipped_and_named(folder: Path) -> None:
    (folder / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n not a picture")
    rows = [(image, caption) for image, caption, _ in ROWS] + [("no.png", "x"), ("bad.png", "y")]
    found = captions.read(write_csv(folder / "a.csv", rows, ("image", "caption")))
    assert len(found.training) + len(found.validation) == 12
    missing, damaged = found.skipped
    assert missing == f"{folder / 'no.png'} is missing."
    assert damaged.startswith(f"{folder / 'bad.png'} cannot be used: ")


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.csv", "image,text\n0.png,x\n", 'no column "caption"'),
        ("a.csv", "", 'no column "caption"'),
        ("a.csv", "image,caption\n", "names no picture"),
        ("a.csv", "image,caption\n0.png,x\n1.png,\n", "Line 3 of .* has no caption"),
        ("a.csv", "image,caption\n0.png,a,b\n", "Line 2 of .* another number of columns"),
        ("a.csv", "image,caption\n0.png\n", "Line 2 of .* another number of columns"),
        ("a.csv", 'image,caption\n0.png,"open\n', "not valid CSV"),
        ("a.csv", "image,caption\n,x\n", "Line 2 of .* names no image"),
        ("a.csv", "image,caption,split\n0.png,x,later\n", "Line 2 of .* split other than"),
        ("a.csv", "image,caption,label\n0.png,x,a\n0.png,y,b\n", 'Line 3 of .* label "b"'),
        ("a.csv", "image,caption\n0.png,x\n", "1 different pictures .* at least two"),
        ("a.csv", "image,caption,split\n0.png,x,val\n", "no picture to learn from"),
        ("a.jsonl", '{"image": "0.png", "caption": "x"}\n{"image"\n', "Line 2 of .* not valid JSON"),
        ("a.jsonl", "[1]\n", "Line 1 of .* not a JSON object"),
        ("a.jsonl", '{"image": "0.png", "captions": "x"}\n', "Line 1 of .* has no caption"),
        ("a.jsonl", '{"image": "0.png", "captions": []}\n', "Line 1 of .* has no caption"),
        ("a.jsonl", '{"caption": "x"}\n', "Line 1 of .* names no image"),
        ("a.txt", "x", "ends in .csv or .jsonl"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_in_one_sentence(
    folder: Path, name: str, content: str, sentence: str
) -> None:
    (folder / name).write_text(content, encoding="utf-8")
    with pytest.raises(PhotoClipError, match=sentence) as caught:
        captions.read(folder / name)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_one_that_is_no_text(folder: Path) -> None:
    with pytest.raises(PhotoClipError, match=r"none\.csv cannot be read"):
        captions.read(folder / "none.csv")
    (folder / "b.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PhotoClipError, match="not text in UTF-8"):
        captions.read(folder / "b.csv")
