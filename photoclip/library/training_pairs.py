"""What a model can learn from a library: its photos, with the words in which a person filed them.

A label gives its name and descriptions to the photos that a person said Yes to, an album its name to those
in it. A photo's fold follows from its content alone, so it stays on one side, in training or in validation,
whatever else is labelled later.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from photoclip.errors import PhotoClipError
from photoclip.library.catalog.albums import album_photos, list_albums
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.folders import list_folders
from photoclip.library.catalog.labels import Label, find_label, list_labels
from photoclip.library.catalog.photos import counted
from photoclip.library.catalog.presence import IN_IDS, ids_json
from photoclip.library.catalog.schema import HIDDEN, PRESENT
from photoclip.library.labelling import NAME_TEMPLATES
from photoclip.library.pending import readable
from photoclip.library.scan import is_offline

FOLDS = 5
HELD_OUT = 0  # the fold that validation has
LEAST_PHOTOS, LEAST_OF_EACH = 20, 5  # below that, a figure on the held-out fifth says nothing


@dataclass(frozen=True)
class Sources:
    """Whose words count. `only` names the labels to take, all of them where it is empty."""

    labels: bool = True
    albums: bool = False
    automatic: bool = False  # also what PhotoClip put the labels on
    only: tuple[str, ...] = ()


@dataclass(frozen=True)
class Filed:
    """A photo with the names of its labels and albums, and the texts they stand for, each once."""

    photo_id: int
    content: bytes  # the content's hash, 16 bytes
    names: tuple[str, ...]
    texts: tuple[str, ...]
    present: bool

    @property
    def fold(self) -> int:
        """0 to FOLDS - 1, about equally many photos each."""
        return int.from_bytes(self.content[:8], "big") % FOLDS

    @property
    def held_out(self) -> bool:
        """Whether the photo is kept for validation."""
        return self.fold == HELD_OUT


@dataclass(frozen=True)
class Pair:
    """A photo that can be read now, at `path`."""

    filed: Filed
    path: bytes


@dataclass(frozen=True)
class TrainingPairs:
    """`offline` counts photos in folders that are not there at the moment, `missing` those that are gone."""

    pairs: tuple[Pair, ...]  # ordered by content
    offline: int
    missing: int

    def require_enough(self) -> None:
        """Raises PhotoClipError, saying what is needed, where a model would learn nothing."""
        require_enough([pair.filed for pair in self.pairs], self.offline + self.missing)


def training_pairs(catalog: Catalog, sources: Sources) -> TrainingPairs:
    """The photos to learn from; looks at the disk. Raises PhotoClipError for an `only` that is no label."""
    places = readable(catalog)
    offline = {folder.id for folder in list_folders(catalog) if is_offline(folder.path)}
    pairs, out_of_reach, missing = [], 0, 0
    for photo in filed_photos(catalog, sources):
        files = places.get(photo.content, []) if photo.present else []
        at_hand = sorted(file.path for file in files if file.folder_id not in offline)
        path = next((path for path in at_hand if os.path.isfile(path) and os.access(path, os.R_OK)), None)
        if path is not None:
            pairs.append(Pair(photo, path))
        elif any(file.folder_id in offline for file in files):
            out_of_reach += 1
        else:
            missing += 1
    return TrainingPairs(tuple(pairs), out_of_reach, missing)


def filed_photos(catalog: Catalog, sources: Sources) -> list[Filed]:
    """Every photo of the library that has a name from these sources, ordered by content.

    A photo's No to a label outweighs an album of the same name. The disk is not looked at.
    """
    refused = _refused(catalog)
    names: dict[int, list[str]] = {}
    texts: dict[int, dict[str, None]] = {}
    for photo_id, name, said in _said(catalog, sources):
        if name.casefold() not in refused.get(photo_id, ()):
            names.setdefault(photo_id, []).append(name)
            texts.setdefault(photo_id, {}).update(dict.fromkeys(said))
    found = catalog.query(
        f"SELECT id, hash, presence FROM photo WHERE presence != ? AND id {IN_IDS} ORDER BY hash",
        (HIDDEN, ids_json(names)),
    )
    return [
        Filed(photo, content, tuple(dict.fromkeys(names[photo])), tuple(texts[photo]), presence == PRESENT)
        for photo, content, presence in found
    ]


def label_texts(name: str, descriptions: Sequence[str] = ()) -> list[str]:
    """What a photo with this label or in this album is said to show, each text once."""
    return list(dict.fromkeys([*(template.format(name) for template in NAME_TEMPLATES), *descriptions]))


def require_enough(photos: Iterable[Filed], unread: int = 0) -> None:
    """Raises PhotoClipError unless there are LEAST_PHOTOS of at least two names, LEAST_OF_EACH of each."""
    photos = list(photos)
    usable = names_with_enough(photos)
    if len(photos) >= LEAST_PHOTOS and len(usable) >= 2:
        return
    there = f"so far there are {counted(len(photos))} (names with so many: {len(usable)})"
    if unread:
        there += f", and {counted(unread)} more cannot be read at the moment"
    raise PhotoClipError(
        f"There is too little to learn from: {LEAST_PHOTOS} labelled photos are needed, {LEAST_OF_EACH} or "
        f"more for each of two names; {there}. Label more photos."
    )


def names_with_enough(photos: Iterable[Filed]) -> list[str]:
    """The names that at least LEAST_OF_EACH photos have, in alphabetical order."""
    counts = Counter(name for photo in photos for name in photo.names)
    return sorted(name for name, count in counts.items() if count >= LEAST_OF_EACH)


def chosen_labels(catalog: Catalog, sources: Sources) -> list[Label]:
    """The labels that are to count, by their position. Raises PhotoClipError for an `only` that is none."""
    if not sources.labels:
        return []
    only = {find_label(catalog, name).id for name in sources.only}
    return [label for label in list_labels(catalog) if not only or label.id in only]


def _said(catalog: Catalog, sources: Sources) -> Iterator[tuple[int, str, list[str]]]:
    """Photo, name and texts: labels by a person, then automatic ones, then albums, each by position."""
    labels = chosen_labels(catalog, sources)
    for source in ("human", "auto") if sources.automatic else ("human",):
        for label in labels:
            (photos,) = catalog.columns(
                "SELECT photo_id FROM photo_label WHERE label_id = ? AND verdict = 1 AND source = ?",
                (label.id, source),
            )
            for photo_id in photos:
                yield photo_id, label.name, label_texts(label.name, label.descriptions)
    for album in list_albums(catalog) if sources.albums else ():
        for photo_id in album_photos(catalog, album.id, missing=True).tolist():
            yield photo_id, album.name, label_texts(album.name)


def _refused(catalog: Catalog) -> dict[int, set[str]]:
    """The names, without case, of the labels to which a person said No, by photo."""
    found: dict[int, set[str]] = {}
    rows = catalog.query(
        "SELECT photo_id, name FROM photo_label JOIN label ON label.id = label_id WHERE verdict = 0"
    )
    for photo_id, name in rows:
        found.setdefault(photo_id, set()).add(name.casefold())
    return found
