"""What people said of their photos, as plain values, and what each action makes of it.

Actions are lists, as they travel to the process that is killed: ["label", "Beach", [3, 5]], ["undo"], ...
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from photoclip.library.catalog.connection import Catalog

Action = list[Any]
KEPT = 300
"""States that `History` can go back to; the catalog keeps more."""


@dataclass(frozen=True)
class Said:
    """Labels by name: verdict by photo; albums by name: photos in order; ratings by photo."""

    labels: dict[str, dict[int, int]] = field(default_factory=dict)
    albums: dict[str, tuple[int, ...]] = field(default_factory=dict)
    ratings: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, catalog: Catalog) -> Said:
        labels: dict[str, dict[int, int]] = {
            row["name"]: {} for row in catalog.query("SELECT name FROM label")
        }
        for row in catalog.query(
            "SELECT name, photo_id, verdict FROM photo_label JOIN label ON label.id = label_id"
            " WHERE source = 'human'"
        ):
            labels[row["name"]][row["photo_id"]] = row["verdict"]
        albums: dict[str, tuple[int, ...]] = {
            row["name"]: () for row in catalog.query("SELECT name FROM album")
        }
        for row in catalog.query(
            "SELECT name, photo_id FROM album_photo JOIN album ON album.id = album_id"
            " ORDER BY album_photo.position"
        ):
            albums[row["name"]] += (row["photo_id"],)
        ratings = catalog.query("SELECT id, rating FROM photo WHERE rating != 0")
        return cls(labels, albums, {row["id"]: row["rating"] for row in ratings})

    def after(self, action: Action) -> Said:
        """What is said after this action; KeyError where it cannot be done."""
        match action:
            case ["label_add", name]:
                return replace(self, labels={**self.labels, name: {}})
            case ["label_delete", name]:
                return replace(self, labels=_without(self.labels, name))
            case ["label", name, ids]:
                return self._labelled(name, {**self.labels[name], **dict.fromkeys(ids, 1)})
            case ["reject", name, ids]:
                return self._labelled(name, {**self.labels[name], **dict.fromkeys(ids, 0)})
            case ["unlabel", name, ids]:
                kept = {photo: verdict for photo, verdict in self.labels[name].items() if photo not in ids}
                return self._labelled(name, kept)
            case ["album", name, ids]:
                return replace(self, albums={**self.albums, name: tuple(ids)})
            case ["album_add", name, ids]:
                new = [photo for photo in ids if photo not in self.albums[name]]
                return replace(self, albums={**self.albums, name: (*self.albums[name], *new)})
            case ["album_delete", name]:
                return replace(self, albums=_without(self.albums, name))
            case ["rate", ids, stars]:
                rated = {**self.ratings, **dict.fromkeys(ids, stars)}
                return replace(self, ratings={photo: given for photo, given in rated.items() if given})
        return self

    def _labelled(self, name: str, photos: dict[int, int]) -> Said:
        return replace(self, labels={**self.labels, name: photos})


def _without(values: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key != name}


@dataclass(frozen=True)
class History:
    """The states that undo and redo walk through; `at` is the present one, `dropped` were forgotten."""

    states: tuple[Said, ...]
    at: int = 0
    dropped: int = 0

    @property
    def now(self) -> Said:
        return self.states[self.at]

    @property
    def undone(self) -> int:
        return len(self.states) - 1 - self.at

    def after(self, action: Action) -> History:
        if action == ["undo"]:
            return replace(self, at=max(0, self.at - 1))
        if action == ["redo"]:
            return replace(self, at=min(len(self.states) - 1, self.at + 1))
        said = self.now.after(action)
        if said == self.now:
            return self
        states = (*self.states[: self.at + 1], said)
        surplus = max(0, len(states) - KEPT)
        return History(states[surplus:], len(states) - surplus - 1, self.dropped + surplus)
