"""Which texts belong to which packed pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from photoclip.clip.training import packing
from photoclip.clip.training.sets import CAPTIONED, PICTURE_SETS
from photoclip.clip.training.texts import folded, with_templates

NO_CLASS = -1


class Labels:
    """Names belong to pictures in templates, captions as they are.

    `names` are the distinct class names; by pack and label, `text_rows` are rows of `texts` that fit and
    `class_rows` a row of `names`.
    """

    def __init__(self, folder: Path, texts: Sequence[str]) -> None:
        self.rows = {folded(text): row for row, text in enumerate(texts)}
        keys = [*CAPTIONED, *(extra.key for extra in PICTURE_SETS)]
        self.packs = [packing.load(folder, key) for key in keys if (folder / f"{key}.json").is_file()]
        self.names: list[str] = []
        self.text_rows = [self._text_rows(pack) for pack in self.packs]
        self.class_rows = [self._class_rows(pack) for pack in self.packs]
        self.caption_rows = self._caption_rows()

    def _text_rows(self, pack: packing.Pack) -> list[NDArray[np.int64]]:
        """For every label the rows of the texts it may appear with."""
        rows = []
        for texts in pack.texts:
            words = (
                texts if pack.kind == "caption" else [text for name in texts for text in with_templates(name)]
            )
            rows.append(
                np.array([self.rows[folded(text)] for text in words if folded(text) in self.rows], np.int64)
            )
        return rows

    def _class_rows(self, pack: packing.Pack) -> NDArray[np.int64]:
        if pack.kind == "caption":
            return np.full(len(pack.texts), NO_CLASS, np.int64)
        known = {folded(name): number for number, name in enumerate(self.names)}
        for texts in pack.texts:
            if folded(texts[0]) not in known:
                known[folded(texts[0])] = len(self.names)
                self.names.append(texts[0])
        return np.array([known[folded(texts[0])] for texts in pack.texts], np.int64)

    def _caption_rows(self) -> list[NDArray[np.int64]]:
        """The text rows of every captioned picture, in the order of `Batch.captions`."""
        return [
            rows
            for pack, labels in zip(self.packs, self.text_rows, strict=True)
            if pack.kind == "caption"
            for rows in labels
        ]

    def name_rows(self) -> NDArray[np.int64]:
        """The rows of all texts that name a class."""
        named = (
            labels for pack, labels in zip(self.packs, self.text_rows, strict=True) if pack.kind == "name"
        )
        return np.unique(np.concatenate([rows for labels in named for rows in labels]))
