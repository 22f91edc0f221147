"""The doctor: every kind of damage is found and said; what can be made again is repaired, nothing else is."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from photoclip.errors import CatalogError, LibraryBusy, PhotoClipError
from photoclip.library import doctor_files
from photoclip.library.catalog import albums, labels, photos
from photoclip.library.catalog.backup import backups, make_backup
from photoclip.library.catalog.folders import add_folder
from photoclip.library.doctor import examine, repair
from photoclip.library.doctor_findings import Finding
from photoclip.library.library import CATALOG_FILE, THUMBNAIL_FILE, Library
from photoclip.library.lock import writer_lock
from photoclip.library.models import LibraryModels
from photoclip.library.neighbours import Neighbours
from tests.library.crash.driver import bring_up_to_date
from tests.library.crash.said import Said
from tests.library.fakes import FAKE_INFO, Zoo
from tests.library.pictures import write_photos

PHOTOS = 12
LONG_AGO = 1.6e9


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with photos and their library, with words of a person and a backup."""
    folder = tmp_path_factory.mktemp("healthy")
    write_photos(folder / "photos", PHOTOS)
    with Library.open(folder / "library") as library:
        add_folder(library.catalog, bytes(folder / "photos"))
        bring_up_to_date(LibraryModels(library, Zoo()))
        ids = photos.load_table(library.catalog).ids.tolist()
        label = labels.add_label(library.catalog, "Beach").created
        assert label is not None
        labels.label_photos(library.catalog, label, ids[:5])
        labels.reject_photos(library.catalog, label, ids[5:7])
        albums.create_album(library.catalog, "Trip", ids[3:9])
        photos.rate(library.catalog, ids[:2], 4)
        make_backup(library.catalog.path)
    return folder


@pytest.fixture
def folder(made_once: Path, tmp_path: Path) -> Path:
    """A copy of the library, for one test to damage."""
    return Path(shutil.copytree(made_once / "library", tmp_path / "library"))


def said(folder: Path) -> Said:
    with Library.open(folder) as library:
        return Said.of(library.catalog)


def kinds(found: tuple[Finding, ...]) -> set[str]:
    return {finding.what for finding in found}


def index_again(folder: Path) -> None:
    with Library.open(folder) as library:
        bring_up_to_date(LibraryModels(library, Zoo()))


def sql(name: str, *statements: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        with closing(sqlite3.connect(folder / name)) as connection, connection:
            for statement in statements:
                connection.execute(statement)

    return damage


def overwritten(name: str, at: int, data: bytes) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        with (folder / name).open("r+b") as file:
            file.seek(at, os.SEEK_SET if at >= 0 else os.SEEK_END)
            file.write(data)

    return damage


def written(name: str, data: bytes) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / name).write_bytes(data)
        os.utime(folder / name, (LONG_AGO, LONG_AGO))

    return damage


def removed(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def appended(length: float, key: bytes) -> Callable[[Path], None]:
    """One more vector, rightly written, of this length."""

    def damage(folder: Path) -> None:
        with Library.open(folder) as library:
            row = np.zeros((1, FAKE_INFO.dim), np.float32)
            row[0, 0] = length
            library.vectors(FAKE_INFO).append([key], row)

    return damage


def damaged_backup(folder: Path) -> None:
    backup = backups(folder / CATALOG_FILE)[0]
    backup.write_bytes(backup.read_bytes()[:5000])


OLD_VECTORS = f"vectors/{FAKE_INFO.key}.vectors"
VECTORS, RECORDS = f"vectors/{FAKE_INFO.key}.half", f"vectors/{FAKE_INFO.key}.keys"
UNKNOWN = b"\x07" * 16
FIRST = "(SELECT min(id) FROM photo)"
REPAIRABLE = {
    "no jpeg": (
        sql(THUMBNAIL_FILE, "UPDATE thumbnail SET jpeg = x'00' WHERE rowid < 4"), "thumbnail-damaged", "minor"
    ),
    "half a jpeg": (
        sql(THUMBNAIL_FILE, "UPDATE thumbnail SET jpeg = substr(jpeg, 1, 99) WHERE rowid = 2"),
        "thumbnail-damaged", "minor",
    ),
    "thumbnails": (overwritten(THUMBNAIL_FILE, 0, b"\xa5" * 9000), "thumbnails-damaged", "minor"),
    "thumbnail of nothing": (
        sql(THUMBNAIL_FILE, "INSERT INTO thumbnail VALUES(x'01', x'FFD8FFFFD9')"), "thumbnail-unused", "note"
    ),
    "vector": (overwritten(VECTORS, 2 * 64, b"\xff" * 35), "vectors-damaged", "minor"),
    "long vector": (appended(3.0, UNKNOWN), "vectors-damaged", "minor"),
    "vector of nothing": (appended(1.0, UNKNOWN), "vectors-unused", "note"),
    "vectors left over": (lambda folder: (folder / OLD_VECTORS).touch(), "vectors-left-over", "note"),
    "vectors cut": (lambda folder: os.truncate(folder / VECTORS, 32 * 5 + 3), "vectors-torn", "note"),
    "records cut": (lambda folder: os.truncate(folder / RECORDS, 16 + 24 * 5 + 3), "vectors-torn", "note"),
    "records": (overwritten(RECORDS, 0, b"something else"), "vectors-damaged", "minor"),
    "dimension": (overwritten(RECORDS, 8, b"\xff" * 8), "vectors-damaged", "minor"),
    "no vectors": (removed(VECTORS), "vectors-damaged", "minor"),
    "no records": (removed(RECORDS), "vectors-unfinished", "note"),
    "index": (written(f"vectors/{FAKE_INFO.key}.graph", b"half"), "index-stale", "note"),
    "settings": (written("settings.json", b'{"model": "st'), "settings-damaged", "minor"),
    "backup": (damaged_backup, "backup-damaged", "minor"),
    "unfinished": (written("backups/catalog-1.sqlite.part", b"half"), "leftover", "note"),
    "set aside": (written("vectors/a.vectors.damaged", b"half"), "leftover", "note"),
    "file of nothing": (
        sql(CATALOG_FILE, f"UPDATE file SET photo_id = 999 WHERE photo_id = {FIRST}"), "reference", "minor"
    ),
    "content of nothing": (
        sql(
            CATALOG_FILE,
            "INSERT INTO content(hash, bytes, width, height, format, colour)"
            " VALUES(x'07070707070707070707070707070707', 9, 4, 3, 'JPEG', 0)",
        ),
        "content-unused", "note",
    ),
    "stale photo": (
        sql(CATALOG_FILE, f"UPDATE photo SET hash = x'07070707070707070707070707070707' WHERE id = {FIRST}"),
        "photo-stale", "minor",
    ),
    "no pair": (
        sql(
            CATALOG_FILE,
            "UPDATE photo SET lead_id = (SELECT max(id) FROM photo WHERE NOT EXISTS"
            " (SELECT 1 FROM photo_label WHERE photo_id = photo.id)"
            " AND NOT EXISTS (SELECT 1 FROM album_photo WHERE photo_id = photo.id))"
            " WHERE id = (SELECT min(photo_id) FROM photo_label)",
        ),
        "pair", "minor",
    ),
}  # fmt: skip


def test_a_healthy_library(folder: Path) -> None:
    assert examine(folder, disk=True) == ()
    assert repair(folder).done == ()


@pytest.mark.parametrize("name", REPAIRABLE)
def test_what_can_be_made_again_is_repaired(folder: Path, name: str) -> None:
    damage, what, severity = REPAIRABLE[name]
    before = said(folder)
    damage(folder)
    found = [finding for finding in examine(folder) if finding.what == what]
    assert [finding.severity for finding in found] == [severity]
    assert found[0].repairable
    assert found[0].sentence.endswith((".", "photoclip index"))
    result = repair(folder)
    assert result.done
    assert kinds(result.left) <= {"thumbnail-missing", "vector-missing"}
    index_again(folder)
    assert examine(folder, disk=True) == ()
    assert said(folder) == before


def test_much_at_once_is_repaired_at_once(folder: Path) -> None:
    before = said(folder)
    for name in ("no jpeg", "vector", "vector of nothing", "index", "settings", "backup", "stale photo"):
        REPAIRABLE[name][0](folder)
    assert len(examine(folder)) >= 7
    assert kinds(repair(folder).left) == {"thumbnail-missing", "vector-missing"}
    index_again(folder)
    assert examine(folder, disk=True) == ()
    assert said(folder) == before


def test_what_is_missing_is_left_to_indexing(folder: Path) -> None:
    sql(THUMBNAIL_FILE, "DELETE FROM thumbnail WHERE rowid < 4")(folder)
    shutil.rmtree(folder / "vectors")
    found = examine(folder)
    assert {finding.what: finding.count for finding in found} == {
        "thumbnail-missing": 3,
        "vector-missing": 12,
    }
    assert not any(finding.repairable for finding in found)
    assert repair(folder).done == ()
    index_again(folder)
    assert examine(folder) == ()


BY_HAND = {
    "a label's photos": (sql(CATALOG_FILE, "DELETE FROM label"), "reference"),
    "an album's photos": (sql(CATALOG_FILE, "UPDATE album_photo SET album_id = 99"), "reference"),
    "the history": (sql(CATALOG_FILE, "UPDATE change SET rows = x'00' WHERE id = 3"), "history"),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_what_people_did_is_not_repaired_away(folder: Path, name: str) -> None:
    damage, what = BY_HAND[name]
    damage(folder)
    with closing(sqlite3.connect(folder / CATALOG_FILE)) as connection:
        before = list(connection.iterdump())
    (found,) = examine(folder)
    assert (found.what, found.severity, found.repairable) == (what, "serious", False)
    assert "photoclip restore" in found.sentence
    assert repair(folder).left == (found,)
    with closing(sqlite3.connect(folder / CATALOG_FILE)) as connection:
        assert list(connection.iterdump()) == before


@pytest.mark.parametrize(
    "damage",
    [written(CATALOG_FILE, b"this is no database" * 400), written(CATALOG_FILE, b""), removed(CATALOG_FILE),
     overwritten(CATALOG_FILE, 8192, b"\xa5" * 8192)],
)  # fmt: skip
def test_a_damaged_catalog_is_answered_with_the_way_to_restore(
    folder: Path, damage: Callable[[Path], None]
) -> None:
    damage(folder)
    (found,) = examine(folder)
    assert (found.part, found.severity, found.repairable) == ("catalog", "serious", False)
    assert f"{PHOTOS} photos, 1 label" in found.sentence
    assert found.sentence.endswith("photoclip restore.")
    assert repair(folder).left == (found,)
    shutil.rmtree(folder / "backups")
    if (folder / CATALOG_FILE).exists():
        assert "no backup" in examine(folder)[0].sentence


def test_the_index_of_a_large_library(folder: Path) -> None:
    with Library.open(folder) as library:
        neighbours = Neighbours(library.vectors(FAKE_INFO), exact_below=5)
        neighbours.update()
        neighbours.close()
    assert examine(folder) == ()
    overwritten(f"vectors/{FAKE_INFO.key}.graph", 500, b"\xa5" * 8)(folder)
    assert kinds(examine(folder)) == {"index-stale"}
    repair(folder)
    assert not list((folder / "vectors").glob("*.graph*"))


def test_a_backup_that_is_driven_out_meanwhile_is_not_damaged(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def driven_out(path: Path) -> None:
        path.unlink()
        raise CatalogError(f"There is no backup {path}.")

    monkeypatch.setattr(doctor_files, "catalog_facts", driven_out)
    make_backup(folder / CATALOG_FILE)
    assert "backup-damaged" not in kinds(examine(folder))


def test_an_old_backup_of_a_changed_catalog(folder: Path) -> None:
    backup, *_ = backups(folder / CATALOG_FILE)
    os.utime(backup, (LONG_AGO, LONG_AGO))
    assert kinds(examine(folder)) == {"backup-old"}
    for path in folder.glob("catalog.sqlite*"):
        os.utime(path, (LONG_AGO - 1, LONG_AGO - 1))
    assert kinds(examine(folder)) == set()


def test_the_disk_is_looked_at_when_asked(made_once: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(made_once / "library", tmp_path / "library"))
    pictures = Path(shutil.copytree(made_once / "photos", tmp_path / "photos"))
    with Library.open(folder) as library:
        add_folder(library.catalog, bytes(pictures))
        bring_up_to_date(LibraryModels(library, Zoo()))
    (pictures / "001.jpg").unlink()
    write_photos(pictures, 2, first=50)
    assert examine(folder) == ()
    found = {finding.what: finding for finding in examine(folder, disk=True)}
    assert {what: finding.count for what, finding in found.items()} == {"file-gone": 1, "file-unread": 2}
    assert found["file-gone"].examples == (bytes(pictures / "001.jpg"),)
    shutil.rmtree(pictures)
    assert kinds(examine(folder, disk=True)) == {"folder-offline"}


def test_nothing_is_repaired_while_another_process_indexes(folder: Path) -> None:
    with writer_lock(folder), pytest.raises(LibraryBusy):
        repair(folder)


def test_no_library(tmp_path: Path) -> None:
    with pytest.raises(PhotoClipError, match="There is no library"):
        examine(tmp_path)
