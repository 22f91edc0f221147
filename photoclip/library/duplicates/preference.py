"""Which of several would be kept, and why."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from photoclip.library.duplicates.stars import Rows
from photoclip.library.duplicates.table import File, Photos
from photoclip.library.duplicates.tiers import Reason

Criteria = dict[Reason, NDArray[np.float64]]
"""For each reason a number per photo or file; the lower one is kept."""

OF_ONE_PICTURE = (
    Reason.RAW, Reason.CAMERA, Reason.PIXELS, Reason.BYTES, Reason.LIKED, Reason.SAID, Reason.NAME,
    Reason.OLDER, Reason.PATH, Reason.FIRST,
)  # fmt: skip
"""Saved again: the one nearest to the camera. What people said of the others is said of it as well."""
OF_SEVERAL_PICTURES = (
    Reason.LIKED, Reason.SAID, Reason.RAW, Reason.PIXELS, Reason.BYTES, Reason.NAME, Reason.OLDER,
    Reason.PATH, Reason.FIRST,
)  # fmt: skip
"""What a person prefers has the first word. Of one camera's pictures the larger file is the sharper one."""
OF_FILES = (Reason.NAME, Reason.OLDER, Reason.PATH, Reason.FIRST)

_SAME_SIZE = 0.1
"""File sizes are told apart in steps of a tenth: a few keywords more make no better picture."""

# "IMG_1 copy", "Kopie von IMG_1", "IMG_1 (2)", "IMG_1 - Copy (3)", "IMG_1~2"
_COPY = re.compile(
    r"\b(copy|copie|copia|cópia|kopie|kopia|kopi|kopio|копия)\b|コピー|副本|사본|[\s_]?\(\d{1,2}\)$|~\d{1,2}$",
    re.IGNORECASE,
)


def of_photos(photos: Photos, reasons: Sequence[Reason]) -> Criteria:
    best = [paths[0] for paths in photos.paths]
    steps = np.log(np.maximum(photos.bytes, 1)) / np.log1p(_SAME_SIZE)
    known = {
        Reason.LIKED: -photos.liked,
        Reason.SAID: -photos.said,
        Reason.RAW: ~photos.raw,
        Reason.CAMERA: photos.cameras < 0,
        Reason.PIXELS: -photos.widths * photos.heights,
        Reason.BYTES: -np.floor(steps),
        Reason.OLDER: photos.dates,
        **_of_paths(best),
    }
    return {reason: np.asarray(known[reason], np.float64) for reason in reasons}


def of_files(files: Sequence[File]) -> Criteria:
    known = {Reason.OLDER: [file.written for file in files], **_of_paths([file.path for file in files])}
    return {reason: np.asarray(known[reason], np.float64) for reason in OF_FILES}


def in_order(criteria: Criteria) -> Rows:
    """The numbers of all, the one that would be kept first."""
    return np.lexsort(list(criteria.values())[::-1]).astype(np.int64)


def reason_for(criteria: Criteria, keeper: int, next_best: int) -> Reason:
    """The first criterion in which they differ."""
    return next(
        (reason for reason, values in criteria.items() if values[keeper] < values[next_best]), Reason.FIRST
    )


def is_called_copy(path: bytes) -> bool:
    """Whether the file's name says that it is a copy, as file managers and programs name them."""
    return _COPY.search(os.fsdecode(os.path.splitext(os.path.basename(path))[0])) is not None


def _of_paths(paths: Sequence[bytes]) -> dict[Reason, NDArray[np.float64]]:
    places = np.empty(len(paths))
    places[sorted(range(len(paths)), key=paths.__getitem__)] = np.arange(len(paths))
    return {
        Reason.NAME: np.array([is_called_copy(path) for path in paths], np.float64),
        Reason.PATH: np.array([len(path) for path in paths], np.float64),
        Reason.FIRST: places,
    }
