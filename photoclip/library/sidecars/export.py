"""Writing people's labels and ratings into sidecars: what would change first, and then that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import xxhash

from photoclip.errors import PhotoClipError
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.presence import IN_IDS, ids_json
from photoclip.library.sidecars.described import Described, UnreadableXmp
from photoclip.library.sidecars.embedded import read_photo
from photoclip.library.sidecars.merging import Difference, Merged, Said, merge
from photoclip.library.sidecars.places import read_sidecar, sidecar_to_write
from photoclip.library.sidecars.writing import write_sidecar
from photoclip.paths import display

_FILES = f"""
SELECT photo_id, file.path, CASE WHEN rated THEN rating END FROM file
JOIN folder ON folder.id = folder_id JOIN photo ON photo.id = photo_id
WHERE photo_id {IN_IDS} AND missing_since IS NULL AND removed_at IS NULL ORDER BY file.path
"""
_LABELS = f"""
SELECT photo_id, label.name, source FROM photo_label JOIN label ON label.id = label_id
WHERE verdict = 1 AND photo_id {IN_IDS} ORDER BY label.position, label.id
"""


@dataclass(frozen=True)
class Plan:
    """What an export does beside one photo file. `refused` is a sentence that says why it does nothing there.

    `state` is the digest of the sidecar that this was worked out from, empty for a new one.
    """

    photo: bytes
    sidecar: bytes
    said: Said
    state: bytes = b""
    changes: bool = False
    difference: Difference = field(default_factory=Difference)
    refused: str = ""

    @property
    def is_new(self) -> bool:
        return not self.state


def plans(catalog: Catalog, photo_ids: Iterable[int], *, automatic: bool) -> Iterator[Plan]:
    """What an export of these photos would do, a plan per file that is there, by path; nothing is written."""
    ids = ids_json(photo_ids)
    labels: dict[int, dict[str, list[str]]] = {}
    for photo_id, name, source in catalog.query(_LABELS, (ids,)):
        labels.setdefault(photo_id, {"human": [], "auto": []})[source].append(name)
    for photo_id, path, rating in catalog.query(_FILES, (ids,)):
        given = labels.get(photo_id, {"human": [], "auto": []})
        found = tuple(given["auto"]) if automatic else ()
        yield _plan(path, Said(tuple(given["human"]), found, rating))


def write(plan: Plan) -> None:
    """Does what a plan says; raises PhotoClipError where that cannot be, or is not the same any more."""
    before = _read(plan.sidecar)
    if _digest(before) != plan.state:
        raise PhotoClipError(
            f"{display(plan.sidecar)} has changed meanwhile and is left alone; export again."
        )
    merged = _merged(plan.photo, before, plan.said)
    if merged.data is not None and merged.data != before:
        write_sidecar(plan.sidecar, merged.data, before, plan.photo)


def _plan(photo: bytes, said: Said) -> Plan:
    sidecar = sidecar_to_write(photo)
    try:
        before = _read(sidecar)
        merged = _merged(photo, before, said)
    except PhotoClipError as error:
        return Plan(photo, sidecar, said, refused=f"{display(sidecar)}: {error}")
    changes = merged.data is not None and merged.data != before
    return Plan(photo, sidecar, said, _digest(before), changes, merged.difference)


def _merged(photo: bytes, before: bytes | None, said: Said) -> Merged:
    inside = read_photo(photo) if said.labels or said.automatic else Described()
    return merge(before, said, inside)


def _read(sidecar: bytes) -> bytes | None:
    try:
        return read_sidecar(sidecar)
    except OSError as error:
        raise UnreadableXmp(f"The sidecar cannot be read ({error.strerror or error}).") from error


def _digest(data: bytes | None) -> bytes:
    return b"" if data is None else xxhash.xxh3_128_digest(data)
