"""Files that are one photo, whatever happens on disk in any order: no label is lost, and all is found."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from photoclip.library.catalog.changes import redo, undo
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.indexing import (
    IndexedPhoto,
    known_files,
    mark_missing,
    mark_present,
    record_batch,
)
from photoclip.library.catalog.labels import label_photos, labelled
from photoclip.library.catalog.settling import settle_photos
from photoclip.library.doctor_catalog import examine_rows
from tests.library.catalog.catalog_helpers import JULY, indexed, watch
from tests.library.catalog.pairs import LIVE, label_of, photo_of, shown


@dataclass(frozen=True)
class Thing:
    """A content; the ending keeps the paths of different contents apart, so that none replaces another."""

    name: str
    ending: str
    format: str
    taken: float | None = JULY
    live_id: str | None = None


THINGS = (
    Thing("picture", "jpg", "JPEG", live_id=LIVE),
    Thing("raw", "cr2", "CR2"),
    Thing("late raw", "nef", "NEF", taken=JULY + 600),
    Thing("film", "mov", "MOV", live_id=LIVE),
    Thing("other film", "mp4", "MP4", taken=None),
    Thing("phone", "heic", "HEIF"),
    Thing("film of the raw", "qt", "MOV", taken=JULY + 9),
)
STEMS = [f"/{folder}/{name}" for folder in "ab" for name in "12"]
Disk = dict[bytes, Thing]
Event = Callable[[Disk], None]
things, stems = st.sampled_from(THINGS), st.sampled_from(STEMS)


def path_of(stem: str, thing: Thing) -> bytes:
    return f"{stem}.{thing.ending}".encode()


def write(stem: str, thing: Thing) -> Event:
    return lambda disk: disk.update({path_of(stem, thing): thing})


def delete(stem: str, thing: Thing) -> Event:
    return lambda disk: disk.pop(path_of(stem, thing), None) and None


def move(stem: str, to: str, thing: Thing) -> Event:
    def moved(disk: Disk) -> None:
        if disk.pop(path_of(stem, thing), None):
            disk[path_of(to, thing)] = thing

    return moved


events = st.one_of(
    st.builds(write, stems, things), st.builds(delete, stems, things), st.builds(move, stems, stems, things)
)
steps = st.lists(
    st.tuples(
        st.lists(events, max_size=5),
        st.permutations(["gone", "back", "read"]),
        st.booleans(),
        st.one_of(st.none(), things),
        st.booleans(),
    ),
    max_size=5,
)


def groups(catalog: Catalog) -> dict[bytes, bytes]:
    """Every file that is there, and the first by name of the photo that it is shown as."""
    rows = catalog.query(
        "SELECT coalesce(lead_id, photo.id) AS shown, path FROM file JOIN photo ON photo.id = photo_id"
        " WHERE missing_since IS NULL ORDER BY path DESC"
    )
    first = {row["shown"]: row["path"] for row in rows}
    return {row["path"]: first[row["shown"]] for row in rows}


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.tuples(stems, things), max_size=12, unique=True).flatmap(
        lambda files: st.tuples(st.just(files), st.permutations(files), st.integers(1, 5))
    )
)
def test_the_order_in_which_files_arrive_does_not_matter(
    case: tuple[list[tuple[str, Thing]], list[tuple[str, Thing]], int],
) -> None:
    files, shuffled, batch = case
    with tempfile.TemporaryDirectory() as name:
        at_once, one_after_another = (Catalog(Path(name) / f"{each}.sqlite") for each in "ab")
        with closing(at_once), closing(one_after_another):
            for catalog, found, size in (
                (at_once, files, len(files) or 1),
                (one_after_another, shuffled, batch),
            ):
                folder = watch(catalog, Path(name) / "p")
                read = [as_read(path_of(stem, thing), folder, thing) for stem, thing in found]
                for start in range(0, len(read), size):
                    record_batch(catalog, read[start : start + size])
            assert groups(at_once) == groups(one_after_another)


@settings(max_examples=20, deadline=None)
@given(steps)
def test_no_order_of_pairing_and_parting_loses_a_label(
    steps: list[tuple[list[Event], list[str], bool, Thing | None, bool]],
) -> None:
    with tempfile.TemporaryDirectory() as name, closing(Catalog(Path(name) / "catalog.sqlite")) as catalog:
        folder = watch(catalog, Path(name) / "p")
        label = label_of(catalog)
        disk: Disk = {path_of(STEMS[0], thing): thing for thing in THINGS[:2]}
        said: set[Thing] = set()
        for happened, order, one_by_one, wanted, again in steps:
            for event in happened:
                event(disk)
            for task in order:
                bring_up_to_date(catalog, folder, disk, task, one_by_one)
            if wanted is not None and (photo := photo_named(catalog, wanted)) is not None:
                label_photos(catalog, label, [photo])
                said |= things_of(catalog, photo)
                if again:
                    undo(catalog)
                    redo(catalog)
            have = set(labelled(catalog, label, missing=True).tolist())
            for thing in said:
                assert photo_named(catalog, thing) in have
            check_sound(catalog, disk)


def bring_up_to_date(catalog: Catalog, folder: int, disk: Disk, task: str, one_by_one: bool) -> None:
    files = known_files(catalog, folder)
    if task == "gone":
        mark_missing(catalog, [file.file_id for path, file in files.items() if path not in disk])
    elif task == "back":
        mark_present(catalog, [file.file_id for path, file in files.items() if path in disk and file.missing])
    else:
        read = [as_read(path, folder, thing) for path, thing in sorted(disk.items())]
        for batch in [[photo] for photo in read] if one_by_one else [read]:
            record_batch(catalog, batch)


def as_read(path: bytes, folder: int, thing: Thing) -> IndexedPhoto:
    source = "exif" if thing.taken is not None else None
    return photo_of(
        path,
        folder,
        thing.format,
        thing.name,
        taken_at=thing.taken,
        taken_source=source,
        live_id=thing.live_id,
    )


def photo_named(catalog: Catalog, thing: Thing) -> int | None:
    """The photo that stands for a content, which may be the one that it is shown as one with."""
    wanted = (indexed(b"", 0, thing.name).hash,)
    found = catalog.query("SELECT coalesce(lead_id, photo.id) FROM photo WHERE hash = ?", wanted)
    return int(found[0][0]) if found else None


def things_of(catalog: Catalog, photo: int) -> set[Thing]:
    """What is shown as this photo."""
    return {thing for thing in THINGS if photo_named(catalog, thing) == photo}


def check_sound(catalog: Catalog, disk: Disk) -> None:
    """Everything on disk is shown, by itself or by its lead; a lead is no companion; those say nothing."""
    there = shown(catalog)
    for thing in set(disk.values()):
        assert photo_named(catalog, thing) in there
    assert not list(examine_rows(catalog))
    assert pairs(catalog) == pairs_anew(catalog)  # whatever was looked at, nothing was left out


def pairs(catalog: Catalog) -> dict[int, int]:
    return dict(catalog.query("SELECT id, lead_id FROM photo WHERE lead_id IS NOT NULL"))


def pairs_anew(catalog: Catalog) -> dict[int, int]:
    """When every photo is settled once more."""
    ids = [row[0] for row in catalog.query("SELECT id FROM photo")]
    with catalog.write(durable=False) as connection:
        settle_photos(connection, ids)
    return pairs(catalog)
