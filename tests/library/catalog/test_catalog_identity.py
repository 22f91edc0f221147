"""Whatever happens on disk, every picture that is there is found and nothing a person said is lost."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.folders import list_folders, remove_folder
from photoclip.library.catalog.indexing import known_files, mark_missing, mark_present, record_batch
from photoclip.library.catalog.labels import add_label, label_photos
from photoclip.library.catalog.photos import hashes_to_photos
from tests.library.catalog.catalog_helpers import indexed, watch

Disk = dict[bytes, str]  # path -> content
Event = Callable[[Disk], None]

PATHS = [f"/{folder}/{name}".encode() for folder in "ab" for name in "12"]
paths, contents = st.sampled_from(PATHS), st.sampled_from(["red", "green", "blue"])


def write(path: bytes, content: str) -> Event:
    return lambda disk: disk.update({path: content})


def delete(path: bytes) -> Event:
    return lambda disk: disk.pop(path, None) and None


def move(path: bytes, to: bytes) -> Event:
    return lambda disk: disk.update({to: disk.pop(path)}) if path in disk else None


events = st.one_of(st.builds(write, paths, contents), st.builds(delete, paths), st.builds(move, paths, paths))
steps = st.lists(
    st.tuples(st.lists(events, max_size=4), st.permutations(["gone", "back", "read"]), st.booleans()),
    max_size=6,
)


@settings(max_examples=50, deadline=None)
@given(steps)
def test_every_picture_on_disk_is_found_and_no_label_is_lost(
    steps: list[tuple[list[Event], list[str], bool]],
) -> None:
    with tempfile.TemporaryDirectory() as name, closing(Catalog(Path(name) / "catalog.sqlite")) as catalog:
        folders = {folder: watch(catalog, Path(name) / folder) for folder in "ab"}
        label = add_label(catalog, "Seen").created
        assert label is not None
        disk: Disk = dict.fromkeys(PATHS, "red")  # copies of one picture: the hard case
        said: set[bytes] = set()  # contents that a person has labelled
        for happened, order, readd in steps:
            for event in happened:
                event(disk)
            for task in order:
                scan(catalog, folders, disk, task)
            if order[-1] != "read":
                scan(catalog, folders, disk, "gone")
            if readd:
                assert_rebuilt_by_adding_again(catalog, folders, Path(name))
            assert_found(catalog, disk)
            hashes, ids = hashes_to_photos(catalog)
            label_photos(catalog, label, ids)
            said |= set(hashes.tolist())
            assert_nothing_lost(catalog, said)


def scan(catalog: Catalog, folders: dict[str, int], disk: Disk, task: str) -> None:
    """One of the three things a scan finds, in whatever order the events come."""
    for name, folder in folders.items():
        known = known_files(catalog, folder)
        here = {path: content for path, content in disk.items() if path.startswith(f"/{name}/".encode())}
        same = {path for path in here if path in known and known[path].size == size(here[path])}
        if task == "gone":
            mark_missing(catalog, [known[path].file_id for path in known if path not in here])
        elif task == "back":
            mark_present(catalog, [known[path].file_id for path in same if known[path].missing])
        else:
            read = [indexed(p, folder, c, size=size(c)) for p, c in here.items() if p not in same]
            record_batch(catalog, read)


def size(content: str) -> int:
    return sum(content.encode())


def assert_found(catalog: Catalog, disk: Disk) -> None:
    hashes, _ = hashes_to_photos(catalog)
    on_disk = {indexed(b"", 0, content).hash.rstrip(b"\0") for content in disk.values()}
    assert sorted(hashes.tolist()) == sorted(on_disk)
    wrong = catalog.query(
        "SELECT file.path FROM file JOIN photo ON photo.id = photo_id"
        " WHERE missing_since IS NULL AND file.content_id != photo.content_id"
    )
    assert wrong == []


def assert_nothing_lost(catalog: Catalog, said: set[bytes]) -> None:
    """Each labelled photo is still there, shown or missing, and those on disk keep the label."""
    unlabelled = catalog.query(
        "SELECT hash FROM photo WHERE presence = 2 AND id NOT IN (SELECT photo_id FROM photo_label)"
    )
    assert not said & {row[0] for row in unlabelled}


def assert_rebuilt_by_adding_again(catalog: Catalog, folders: dict[str, int], root: Path) -> None:
    before = hashes_to_photos(catalog)
    for folder in list_folders(catalog):
        remove_folder(catalog, folder.id, keep_labels=True)
    assert len(hashes_to_photos(catalog)[0]) == 0
    for name, folder_id in folders.items():
        assert watch(catalog, root / name) == folder_id
    assert [column.tolist() for column in hashes_to_photos(catalog)] == [column.tolist() for column in before]
