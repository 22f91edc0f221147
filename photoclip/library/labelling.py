"""Labels put on photos by what is in them: seen before it is done, and never against a person's word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from photoclip.errors import PhotoClipError
from photoclip.library import relevance
from photoclip.library.catalog.albums import album_of
from photoclip.library.catalog.arrivals import settle_arrivals
from photoclip.library.catalog.changes import Change
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.folders import folder_photos
from photoclip.library.catalog.labels import (
    Label,
    Settlement,
    labelled,
    list_labels,
    settle_auto,
    settle_many,
)
from photoclip.library.search import SearchEngine

Ids = NDArray[np.int64]
Scores = NDArray[np.float32]

# A label without descriptions is looked for by its name, said in these ways; the best one counts.
NAME_TEMPLATES = ("a photo of {}", "{}")

HISTOGRAM_BINS = 20
EITHER_SIDE = 24  # photos shown just above and just below the threshold


@dataclass(frozen=True)
class Scope:
    """The photos that a label is applied to; `id` is the album's or the folder's."""

    kind: Literal["all", "album", "folder", "photos"]
    id: int | None = None
    photos: tuple[int, ...] = ()


@dataclass(frozen=True)
class LabelPreview:
    """What applying a label would do. Photos to which a person said No are left out."""

    ids: Ids  # [N], best first
    scores: Scores  # [N]
    threshold: float
    count: int  # so many reach the threshold
    already: int  # so many of those have the label now
    histogram: NDArray[np.int64]  # [HISTOGRAM_BINS] over scores 0 to 1
    just_above: Ids  # the lowest that reach the threshold, lowest first
    just_below: Ids  # the highest that do not, highest first


def prompts(name: str, descriptions: Sequence[str]) -> list[str]:
    """What the model is asked for a label."""
    said = [description for description in map(str.strip, descriptions) if description]
    return said or [template.format(name) for template in NAME_TEMPLATES]


def preview(
    engine: SearchEngine,
    descriptions: Sequence[str],
    threshold: float,
    scope: Scope,
    label_id: int | None = None,
) -> LabelPreview:
    """What a label with these descriptions would be put on; `label_id` is the label's, once it has one."""
    catalog = engine.library.catalog
    if label_id is not None:
        descriptions = prompts(_label(catalog, label_id).name, descriptions)
    ids, scores = _scores(engine, list(descriptions), scope)
    ids, scores = _without(ids, scores, _refused(catalog, label_id))
    order = relevance.best_first(scores)
    ids, scores = ids[order], scores[order]
    count = int(np.count_nonzero(scores >= threshold))
    has = labelled(catalog, label_id) if label_id is not None else np.empty(0, np.int64)
    return LabelPreview(
        ids=ids,
        scores=scores,
        threshold=threshold,
        count=count,
        already=int(np.isin(ids[:count], has).sum()),
        histogram=np.histogram(scores, HISTOGRAM_BINS, (0.0, 1.0))[0].astype(np.int64),
        just_above=ids[:count][::-1][:EITHER_SIDE],
        just_below=ids[count:][:EITHER_SIDE],
    )


def apply(engine: SearchEngine, label_id: int, scope: Scope) -> Change:
    """Puts the label on what reaches its threshold in the scope; takes its automatic ones off the rest."""
    catalog = engine.library.catalog
    found = settlement(engine, _label(catalog, label_id), scope)
    return settle_auto(catalog, label_id, found.scope, found.ids, found.scores)


def apply_kept(engine: SearchEngine, ids: Iterable[int]) -> list[Change]:
    """Applies to photos that have just arrived every label that is kept applied."""
    catalog = engine.library.catalog
    scope = Scope("photos", photos=tuple(ids))
    kept = [label for label in list_labels(catalog) if label.keep_applied] if scope.photos else []
    changes = []
    for label in kept:
        found = settlement(engine, label, scope)
        changes.append(settle_auto(catalog, label.id, found.scope, found.ids, found.scores, undoable=False))
    settle_arrivals(catalog, scope.photos)
    return changes


def auto_tag_album(engine: SearchEngine, album_id: int, label_ids: Sequence[int] | None = None) -> Change:
    """Applies these labels (None: all) over one album, as one change."""
    catalog = engine.library.catalog
    album = album_of(catalog, album_id)
    labels = [label for label in list_labels(catalog) if label_ids is None or label.id in label_ids]
    if not labels:
        raise PhotoClipError("There is no label to tag with; make one first.")
    scope = Scope("album", album_id)
    settlements = [settlement(engine, label, scope) for label in labels]
    return settle_many(catalog, f"Tag the album {album.name}", settlements)


def photos_in(engine: SearchEngine, scope: Scope) -> Ids | None:
    """The photos of a scope; None is all."""
    if scope.kind == "all":
        return None
    if scope.kind == "photos":
        return np.array(scope.photos, np.int64)
    if scope.id is None:
        raise ValueError(f"a scope of kind {scope.kind} needs an id")
    if scope.kind == "album":
        return engine.album(scope.id).ids
    return folder_photos(engine.library.catalog, scope.id)


def settlement(engine: SearchEngine, label: Label, scope: Scope) -> Settlement:
    """What applying means for the catalog. Photos not embedded yet are left as they are."""
    ids, scores = _scores(engine, prompts(label.name, label.descriptions), scope)
    reached = scores >= label.threshold
    return Settlement(label.id, ids.tolist(), ids[reached].tolist(), scores[reached].tolist())


def _scores(engine: SearchEngine, descriptions: list[str], scope: Scope) -> tuple[Ids, Scores]:
    if not descriptions:
        return np.empty(0, np.int64), np.empty(0, np.float32)
    return engine.text_scores(descriptions, photos_in(engine, scope))


def _refused(catalog: Catalog, label_id: int | None) -> Ids:
    """Photos to which a person said No."""
    if label_id is None:
        return np.empty(0, np.int64)
    (ids,) = catalog.columns(
        "SELECT photo_id FROM photo_label WHERE label_id = ? AND verdict = 0", (label_id,)
    )
    return np.array(ids, np.int64)


def _without(ids: Ids, scores: Scores, refused: Ids) -> tuple[Ids, Scores]:
    kept = ~np.isin(ids, refused)
    return ids[kept], scores[kept]


def _label(catalog: Catalog, label_id: int) -> Label:
    for label in list_labels(catalog):
        if label.id == label_id:
            return label
    raise PhotoClipError("This label is not there any more.")
