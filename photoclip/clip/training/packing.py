"""Pictures decoded once: raw uint8 RGB in one file a set, so that training reads crops without decoding.

`<key>.pixels` holds the pictures one after the other; `<key>.npz` says where each begins, its height and
width, its label and its perceptual hash; `<key>.json` lists the labels' texts. Pictures near to a held-out
one are left out.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from photoclip.clip.training.sets import Kind, Picture
from photoclip.errors import PhotoClipError

SHORT_SIDE = 176
LONGEST = 1.5  # longer pictures are cropped to this aspect ratio
NEAR = 5  # differing bits, of 64, up to which two pictures count as the same


@dataclass(frozen=True)
class Pack:
    """One packed set, memory-mapped."""

    key: str
    pixels: NDArray[np.uint8]  # flat
    offsets: NDArray[np.int64]  # [N]
    shapes: NDArray[np.int32]  # [N, 2], height and width
    labels: NDArray[np.int32]  # [N] into `texts`
    texts: list[list[str]]
    kind: Kind
    dropped: int  # near-duplicates of held-out pictures that were left out

    def __len__(self) -> int:
        return len(self.offsets)

    def picture(self, index: int) -> NDArray[np.uint8]:
        """uint8 [height, width, 3]."""
        height, width = self.shapes[index].tolist()  # Python's integers: a file may be larger than 2 GB
        start = int(self.offsets[index])
        return self.pixels[start : start + height * width * 3].reshape(height, width, 3)


def load(folder: Path, key: str) -> Pack:
    table = np.load(folder / f"{key}.npz")
    described = json.loads((folder / f"{key}.json").read_text(encoding="utf-8"))
    pixels: NDArray[np.uint8] = np.memmap(folder / f"{key}.pixels", np.uint8, "r")
    return Pack(
        key,
        pixels,
        table["offsets"],
        table["shapes"],
        table["labels"],
        described["texts"],
        described["kind"],
        described["dropped"],
    )


def pack(pictures: Iterable[Picture], folder: Path, key: str, held_out: NDArray[np.uint64]) -> Pack:
    """Writes the three files (the description last, so that a torn set is packed anew) and loads them."""
    folder.mkdir(parents=True, exist_ok=True)
    archives: dict[Path, zipfile.ZipFile] = {}
    labels: dict[tuple[str, ...], int] = {}
    offsets, shapes, owners, dropped, position = [], [], [], 0, 0
    kind: Kind = "name"
    with (folder / f"{key}.pixels").open("wb") as out:
        for picture in pictures:
            image = decode(picture.read(archives))
            if image is None:
                continue
            if near(perceptual_hash(image), held_out):
                dropped += 1
                continue
            array = np.asarray(shrink(image))
            out.write(array.tobytes())
            offsets.append(position)
            shapes.append(array.shape[:2])
            owners.append(labels.setdefault(picture.texts, len(labels)))
            position += array.size
            kind = picture.kind
    for archive in archives.values():
        archive.close()
    if not offsets:
        raise PhotoClipError(f"There is no picture to learn from in {key}: is its folder complete?")
    np.savez(
        folder / f"{key}.npz",
        offsets=np.array(offsets, np.int64),
        shapes=np.array(shapes, np.int32).reshape(-1, 2),
        labels=np.array(owners, np.int32),
    )
    described = {"texts": [list(texts) for texts in labels], "kind": kind, "dropped": dropped}
    unfinished = folder / f"{key}.json.part"
    unfinished.write_text(json.dumps(described), encoding="utf-8")
    unfinished.replace(folder / f"{key}.json")
    return load(folder, key)


def decode(data: bytes) -> Image.Image | None:
    """Upright RGB at a little more than the packed size, or None for what is not a readable picture."""
    try:
        with Image.open(io.BytesIO(data)) as opened:
            opened.draft("RGB", (2 * SHORT_SIDE, 2 * SHORT_SIDE))
            return ImageOps.exif_transpose(opened).convert("RGB")
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError):
        return None


def shrink(image: Image.Image) -> Image.Image:
    """Short side at most SHORT_SIDE, aspect ratio at most LONGEST."""
    width, height = image.size
    longest = round(LONGEST * min(width, height))
    left, top = max(0, width - longest) // 2, max(0, height - longest) // 2
    box = (left, top, width - left, height - top)
    width, height = box[2] - left, box[3] - top
    scale = min(1.0, SHORT_SIDE / min(width, height))
    return image.resize(
        (max(8, round(width * scale)), max(8, round(height * scale))),
        Image.Resampling.BOX if scale < 0.5 else Image.Resampling.BICUBIC,
        box=box,
    )


def perceptual_hash(image: Image.Image) -> np.uint64:
    """64 bits: whether brightness falls from each of 9 columns to the next, in 8 rows."""
    small = np.asarray(image.convert("L").resize((9, 8), Image.Resampling.BOX), np.int16)
    bits = (small[:, 1:] < small[:, :-1]).reshape(-1)
    return np.packbits(bits).view(np.uint64)[0]  # type: ignore[no-any-return]


def near(value: np.uint64, others: NDArray[np.uint64]) -> bool:
    return bool(len(others)) and bool((np.bitwise_count(others ^ value) <= NEAR).any())


def hashes(pictures: Iterable[bytes]) -> NDArray[np.uint64]:
    decoded = (decode(data) for data in pictures)
    return np.array([perceptual_hash(image) for image in decoded if image is not None], np.uint64)
