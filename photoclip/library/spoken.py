"""Which photos say something: in the title, the description and the keywords of a file that is there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from photoclip.errors import QueryError
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.names import nearest
from photoclip.library.catalog.words import COUNTS, LEVEL, photos_with_keywords
from photoclip.library.query import Filter

Ids = NDArray[np.int64]
_ALIKE, _COMPARED = 2, 2000  # a suggestion begins as what was typed, and is the nearest of so many at most


def photos_saying(catalog: Catalog, words: str) -> Ids:
    """Photos whose title, description or one of whose keywords contains the words, whatever their case."""
    wanted = words.casefold()
    return np.concatenate(
        [
            _with_text(catalog, ("title", "description"), wanted),
            _with_keyword(catalog, lambda levels: any(wanted in level for level in levels)),
        ]
    )


def photos_titled(catalog: Catalog, condition: Filter) -> Ids:
    """Photos whose title contains the words."""
    return _with_text(catalog, ("title",), " ".join(condition.value.casefold().split()))


def photos_with_keyword(catalog: Catalog, condition: Filter) -> Ids:
    """Photos with this keyword, or with one that lies in it; `Italy|Rome` is Rome in Italy.

    Raises QueryError where no photo has it, as that is a mistake rather than a result.
    """
    wanted = tuple(" ".join(level.split()) for level in condition.value.casefold().split("|"))
    found = _with_keyword(catalog, lambda levels: _within(levels, wanted))
    if not len(found):
        suggestion = nearest(condition.value, _alike(catalog, wanted[-1]))
        raise QueryError(
            f"No photo has the keyword {condition.value}.{suggestion}",
            condition.position,
            "a keyword that one of your photos has",
        )
    return found


def _with_text(catalog: Catalog, columns: tuple[str, ...], wanted: str) -> Ids:
    photos, *texts = catalog.columns(
        f"SELECT photo_id, {', '.join(columns)} FROM words JOIN file ON file.id = file_id"
        " WHERE missing_since IS NULL"
    )
    met = [
        photo
        for photo, *said in zip(photos, *texts, strict=True)
        if any(text is not None and wanted in text.casefold() for text in said)
    ]
    return np.array(met, np.int64)


def _with_keyword(catalog: Catalog, holds: Callable[[tuple[str, ...]], bool]) -> Ids:
    """Photos with a keyword whose levels, without case, are as asked for."""
    ids, paths = catalog.columns("SELECT id, path FROM keyword")
    met = [each for each, path in zip(ids, paths, strict=True) if holds(_levels(path))]
    return np.array(photos_with_keywords(catalog, met) if met else [], np.int64)


def _levels(path: str) -> tuple[str, ...]:
    return tuple(path.casefold().split(LEVEL))


def _within(levels: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """Whether `wanted` are consecutive among `levels`."""
    return any(levels[at : at + len(wanted)] == wanted for at in range(len(levels) - len(wanted) + 1))


def _alike(catalog: Catalog, wanted: str) -> list[str]:
    """Levels of keywords in use that begin as what was typed, or all of a few."""
    (paths,) = catalog.columns(
        "SELECT DISTINCT keyword.path FROM keyword JOIN file_keyword ON keyword_id = keyword.id"
        f" JOIN file ON file.id = file_id WHERE missing_since IS NULL AND {COUNTS}"
    )
    names = sorted({level for path in paths for level in path.split(LEVEL)})
    alike = [name for name in names if name.casefold().startswith(wanted[:_ALIKE])]
    return alike[:_COMPARED] or (names if len(names) < _COMPARED else [])
