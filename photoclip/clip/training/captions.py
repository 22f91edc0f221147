"""Pictures with captions, named by one file: those to learn from, and those kept to judge by.

CSV has a header with the columns `image` and `caption`, and may have `label` and `split`; a picture may have
several rows. JSONL has one object a line: `image`, either `captions` (a list) or `caption`, and the same two
optional entries. Pictures are named relative to the file's folder.

`split` is "train", "validation" (or "val", "dev"), or "test" for pictures that are left alone. Where no
picture is marked for validation, a seeded share of those to learn from is taken.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray

from photoclip import pixels
from photoclip.errors import Cancelled, PhotoClipError, UnreadablePhoto

TRAIN, VALIDATION, TEST = "train", "validation", "test"
SPLITS = {
    "": "",
    "train": TRAIN,
    "validation": VALIDATION,
    "val": VALIDATION,
    "dev": VALIDATION,
    "test": TEST,
}
SHARE = 0.05  # of the pictures, kept for validation
READERS = 4  # threads that decode; Pillow lets go of the interpreter meanwhile
CHECKED_AT_A_TIME = 64  # pictures between two looks whether a person wants to stop
CHECKED_SIDE = 64  # pixels: enough to know that a picture can be decoded


@dataclass(frozen=True)
class Row:
    """What one line says of a picture; `split` is "" where it does not say."""

    image: str
    captions: tuple[str, ...]
    label: str
    split: str


@dataclass(frozen=True)
class Captioned:
    """A picture that can be read. `digest` is equal for copies of one file."""

    path: Path
    captions: tuple[str, ...]  # at least one, each once
    labels: tuple[str, ...] = ()  # what zero-shot classification should say of it, any of them
    split: str = ""
    digest: str = ""


@dataclass(frozen=True)
class Captions:
    """`skipped` has one sentence for each picture that is missing or cannot be read."""

    training: tuple[Captioned, ...]
    validation: tuple[Captioned, ...]
    skipped: tuple[str, ...]

    def labels(self) -> list[str]:
        """Every label that occurs, in alphabetical order."""
        return sorted({label for picture in (*self.training, *self.validation) for label in picture.labels})

    def digest(self) -> str:
        """Equal for the same pictures with the same captions to learn from, wherever they lie."""
        hashed = xxhash.xxh3_64()
        for picture in self.training:
            hashed.update(json.dumps([picture.digest, picture.captions]).encode())
        return str(hashed.hexdigest())


class Wording:
    """Which captions fit which of some pictures: its own, and those of a copy of it.

    Captions that differ only in case or spacing are one: a model reads neither.
    """

    def __init__(self, pictures: Iterable[Captioned]) -> None:
        self._said: dict[str, set[str]] = {}
        for picture in pictures:
            self._said.setdefault(picture.digest, set()).update(map(_words, picture.captions))

    def fits(self, pictures: Sequence[Captioned], captions: Sequence[str]) -> NDArray[np.bool_]:
        """[P, K] for P of the pictures and K captions."""
        places: dict[str, list[int]] = {}
        for place, caption in enumerate(captions):
            places.setdefault(_words(caption), []).append(place)
        found = np.zeros((len(pictures), len(captions)), np.bool_)
        for number, picture in enumerate(pictures):
            for words in self._said[picture.digest] & places.keys():
                found[number, places[words]] = True
        return found


def distinct(pictures: Iterable[Captioned]) -> list[str]:
    """Every caption of these pictures once, in their order."""
    found: dict[str, str] = {}
    for picture in pictures:
        for caption in picture.captions:
            found.setdefault(_words(caption), caption)
    return list(found.values())


def read(path: Path, seed: int = 0, share: float = SHARE) -> Captions:
    """The pictures of a captions file, every one decoded once to know that it can be.

    The same file and `seed` give the same split; copies of one picture come to the same side. Raises
    PhotoClipError for a file that cannot be used, naming the line, or when too few pictures are left.
    """
    found, skipped = _readable(_merged(path))
    kept = [picture for picture in found if picture.split != TEST]
    if not any(picture.split == VALIDATION for picture in kept):
        kept = _with_validation(path, kept, seed, share)
    data = _by_side(kept, skipped)
    if not data.training:
        raise PhotoClipError(f"{path} leaves no picture to learn from ({len(skipped)} cannot be read).")
    return data


def of(pictures: Sequence[Captioned], stopped: Callable[[], bool] = lambda: False) -> Captions:
    """These pictures on the sides that their splits say, every one decoded once to know that it can be.

    Raises Cancelled once `stopped()`.
    """
    return _by_side(*_readable(pictures, stopped))


def together(first: Captions, second: Captions) -> Captions:
    """All pictures of both; one of `second` that `first` has too comes to the side it has there."""
    held = {picture.digest: False for picture in first.training}
    held |= {picture.digest: True for picture in first.validation}
    sides: tuple[list[Captioned], list[Captioned]] = (list(first.training), list(first.validation))
    for validation, pictures in ((False, second.training), (True, second.validation)):
        for picture in pictures:
            sides[held.get(picture.digest, validation)].append(picture)
    return Captions(tuple(sides[0]), tuple(sides[1]), first.skipped + second.skipped)


def _words(caption: str) -> str:
    return " ".join(caption.casefold().split())


def _by_side(pictures: Sequence[Captioned], skipped: Sequence[str]) -> Captions:
    sides = [tuple(p for p in pictures if (p.split == VALIDATION) is held) for held in (False, True)]
    return Captions(sides[0], sides[1], tuple(skipped))


def _merged(path: Path) -> list[Captioned]:
    """The rows of one picture made one, in the order of their first ones."""
    found: dict[Path, Captioned] = {}
    for place, row in _rows(path):
        file = path.parent / row.image
        before = found.get(file, Captioned(file, ()))
        label = before.labels[0] if before.labels else ""
        for entry, earlier, now in (("label", label, row.label), ("split", before.split, row.split)):
            if earlier and now and earlier != now:
                raise PhotoClipError(
                    f'{place} gives {row.image} the {entry} "{now}", and an earlier one said "{earlier}".'
                )
        captions = tuple(dict.fromkeys((*before.captions, *row.captions)))
        labels = (row.label,) if row.label else before.labels
        found[file] = Captioned(file, captions, labels, before.split or row.split)
    if not found:
        raise PhotoClipError(f"{path} names no picture.")
    return list(found.values())


def _rows(path: Path) -> Iterator[tuple[str, Row]]:
    """Each line's row and how to name the line in a sentence."""
    readers = {".csv": _csv_values, ".jsonl": _json_values, ".ndjson": _json_values}
    if path.suffix.lower() not in readers:
        raise PhotoClipError(f"{path} should be a captions file whose name ends in .csv or .jsonl.")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise PhotoClipError(f"{path} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise PhotoClipError(f"{path} is not text in UTF-8.") from error
    lines = io.StringIO(text, newline="")  # str.splitlines would also split at characters of a caption
    for number, values in readers[path.suffix.lower()](path, lines):
        place = f"Line {number} of {path}"
        yield place, _row(place, values)


def _csv_values(path: Path, lines: Iterable[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    reader = csv.DictReader(lines, strict=True)
    try:
        if missing := {"image", "caption"} - set(reader.fieldnames or ()):
            raise PhotoClipError(f'{path} has no column "{min(missing)}" in its first line.')
        for values in reader:
            if None in values or None in values.values():
                raise PhotoClipError(
                    f"Line {reader.line_num} of {path} has another number of columns than the first line."
                )
            yield reader.line_num, values
    except csv.Error as error:
        raise PhotoClipError(f"Line {reader.line_num} of {path} is not valid CSV: {error}.") from error


def _json_values(path: Path, lines: Iterable[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise PhotoClipError(f"Line {number} of {path} is not valid JSON.") from error
        if not isinstance(values, dict):
            raise PhotoClipError(f"Line {number} of {path} is not a JSON object.")
        yield number, values


def _row(place: str, values: dict[str, Any]) -> Row:
    several = values.get("captions", [values.get("caption")])
    captions = tuple(_text(caption) for caption in several) if isinstance(several, list) else ()
    image, label = _text(values.get("image")), _text(values.get("label"))
    split = SPLITS.get(_text(values.get("split")).lower())
    if not image or "\0" in image:
        raise PhotoClipError(f"{place} names no image.")
    if not captions or not all(captions):
        raise PhotoClipError(f"{place} has no caption, or an empty one.")
    if split is None:
        raise PhotoClipError(f"{place} has a split other than train, validation and test.")
    return Row(image, captions, label, split)


def _text(value: object) -> str:
    """A number counts as text, since CSV could not tell them apart; anything else is nothing."""
    return str(value).strip() if isinstance(value, str) or type(value) is int else ""


def _readable(
    pictures: Sequence[Captioned], stopped: Callable[[], bool] = lambda: False
) -> tuple[list[Captioned], list[str]]:
    """The pictures that can be decoded, and a sentence for each that cannot."""
    checked: list[Captioned | str] = []
    with ThreadPoolExecutor(READERS, "photoclip-captions") as pool:
        for start in range(0, len(pictures), CHECKED_AT_A_TIME):
            if stopped():
                raise Cancelled("Stopped before training began; nothing has changed.")
            checked += pool.map(_checked, pictures[start : start + CHECKED_AT_A_TIME])
    found = [picture for picture in checked if isinstance(picture, Captioned)]
    return found, [sentence for sentence in checked if isinstance(sentence, str)]


def _checked(picture: Captioned) -> Captioned | str:
    try:
        data = picture.path.read_bytes()
        pixels.decode(data, shortest_side=CHECKED_SIDE)
    except FileNotFoundError:
        return f"{picture.path} is missing."
    except OSError as error:
        return f"{picture.path} cannot be read: {error.strerror or error}."
    except UnreadablePhoto as error:
        return f"{picture.path} cannot be used: {error}"
    return replace(picture, digest=xxhash.xxh3_128_hexdigest(data))


def _with_validation(path: Path, pictures: list[Captioned], seed: int, share: float) -> list[Captioned]:
    """`share` of the different pictures, at least one, marked for validation."""
    digests = list(dict.fromkeys(picture.digest for picture in pictures))
    if len(digests) < 2:
        raise PhotoClipError(
            f"{path} names {len(digests)} different pictures that can be read; training needs at least two."
        )
    count = min(max(1, round(share * len(digests))), len(digests) - 1)
    drawn = np.random.default_rng(seed).permutation(len(digests))[:count]
    held = {digests[index] for index in drawn}
    return [replace(p, split=VALIDATION if p.digest in held else TRAIN) for p in pictures]
