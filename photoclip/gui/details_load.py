"""What the details panel shows, gathered off the GUI thread."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QCoreApplication, QLocale
from PySide6.QtGui import QImage

from photoclip import paths
from photoclip.gui import words
from photoclip.gui.details_words import said_rows, taken_rows
from photoclip.gui.strip import known_details, read_thumbnail
from photoclip.gui.work import Cancelled
from photoclip.library.catalog import labels

if TYPE_CHECKING:
    from photoclip.library.catalog.photos import PhotoDetails
    from photoclip.library.library import Library

MOSAIC = 4
# What people know codecs as, by FFmpeg's names; others are written in capitals.
CODECS = {
    "h264": "H.264",
    "hevc": "H.265",
    "mpeg4": "MPEG-4",
    "mpeg2video": "MPEG-2",
    "prores": "ProRes",
    "mjpeg": "Motion JPEG",
}


@dataclass(frozen=True)
class Tag:
    """A label on the shown photos; `count` of them have it."""

    id: int
    name: str
    count: int
    guessed: bool = False
    score: float | None = None


@dataclass(frozen=True)
class Shown:
    """One photo (with its details) or several (without)."""

    ids: tuple[int, ...]
    images: tuple[QImage, ...]
    details: PhotoDetails | None
    breadcrumb: str
    tags: tuple[Tag, ...]
    label_ids: dict[str, int]  # every label there is, by name


def load(library: Library, ids: Sequence[int], cancelled: Cancelled) -> Shown:
    """Read what is known about these photos; those that are gone are left out."""
    catalog = library.catalog
    known = {label.name: label.id for label in labels.list_labels(catalog)}
    found = [details for each in ids[:MOSAIC] if (details := known_details(catalog, each)) is not None]
    images = tuple(read_thumbnail(library, details.content_hash) for details in found)
    if len(ids) == 1 and found:
        details = found[0]
        crumb = breadcrumb(details.path or b"", details.folder)
        return Shown(tuple(ids), images, details, crumb, _tags(details), known)
    counted = _count_tags(library, np.asarray(ids, np.int64), known, cancelled) if len(ids) > 1 else ()
    return Shown(tuple(ids) if found else (), images, None, "", counted, known)


def _tags(details: PhotoDetails) -> tuple[Tag, ...]:
    return tuple(
        Tag(each.label_id, each.name, 1, each.source == "auto", each.score)
        for each in sorted(details.labels, key=lambda each: (each.source == "auto", each.name.casefold()))
        if each.verdict
    )


def _count_tags(
    library: Library, ids: np.ndarray, known: dict[str, int], cancelled: Cancelled
) -> tuple[Tag, ...]:
    tags = []
    for name, label_id in known.items():
        if cancelled():
            break
        count = int(np.isin(ids, labels.labelled(library.catalog, label_id)).sum())
        if count:
            tags.append(Tag(label_id, name, count))
    return tuple(tags)


def breadcrumb(path: bytes, watched: bytes | None) -> str:
    """The folder of a file, from its watched folder on: "Pictures / 2023 Iceland"."""
    folder = os.path.dirname(path)  # noqa: PTH120 (bytes, which pathlib cannot hold)
    if watched is not None and folder.startswith(watched):
        above = os.path.dirname(watched)  # noqa: PTH120
        folder = folder[len(above) :]
    return " / ".join(part for part in PurePath(paths.display(folder)).parts if part != os.sep)


def rows(details: PhotoDetails) -> list[tuple[str, str]]:
    """Captions and values of what is known about one photo; nothing is said about what is not."""
    tr = QCoreApplication.translate
    table = taken_rows(details)
    if details.camera:
        table.append((tr("details", "Camera"), details.camera))
    if details.lens:
        table.append((tr("details", "Lens"), details.lens))
    if exposure := exposure_text(details.exposure):
        table.append((tr("details", "Exposure"), exposure))
    table += said_rows(details)
    pixels = f"{words.number(details.width)} × {words.number(details.height)}"
    table.append((tr("details", "Size"), f"{pixels}, {words.size(details.bytes)}"))
    if details.seconds is not None:
        table.append((tr("details", "Length"), words.duration(details.seconds)))
    form = tr("details", "{0}, animated") if details.animated else "{0}"
    if details.codec:
        form = f"{{0}}, {CODECS.get(details.codec, details.codec.upper())}"
    table.append((tr("details", "Format"), form.format(details.format)))
    if kind := kind_text(details):
        table.append((tr("details", "Kind"), kind))
    if details.companions:
        names = (details.name, *(each.name for each in details.companions))
        table.append((tr("details", "Files"), "\n".join(paths.display(name) for name in names)))
    return table


def kind_text(details: PhotoDetails) -> str:
    """What several files, or a picture and a video in one, are together; empty for a file by itself."""
    tr = QCoreApplication.translate
    kinds = []
    if any(not each.is_video for each in details.companions):
        kinds.append(tr("details", "RAW + {0}").format(details.format))
    if details.motion or any(each.is_video for each in details.companions):
        kinds.append(tr("details", "Live photo"))
    return ", ".join(kinds)


def exposure_text(exposure: dict[str, float]) -> str:
    """ "23 mm, f/4, 1/500 s, ISO 200" from what the camera wrote; lines break after the commas alone."""
    locale, parts = QLocale(), []
    if focal := exposure.get("focal_mm"):
        parts.append(f"{locale.toString(float(focal), 'g', 4)}\N{NO-BREAK SPACE}mm")
    if aperture := exposure.get("f_number"):
        parts.append(f"f/{locale.toString(float(aperture), 'g', 2)}")
    if seconds := exposure.get("seconds"):
        shown = f"1/{round(1 / seconds)}" if seconds < 0.3 else locale.toString(float(seconds), "g", 2)
        parts.append(f"{shown}\N{NO-BREAK SPACE}s")
    if iso := exposure.get("iso"):
        parts.append(f"ISO\N{NO-BREAK SPACE}{round(iso)}")
    return ", ".join(parts)
