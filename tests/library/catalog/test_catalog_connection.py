"""The catalog's file: versions, damage, full disks, backups, several threads and processes, and kill -9."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from photoclip.errors import CatalogDamaged, CatalogError, CatalogTooNew, DiskFull
from photoclip.library.catalog import albums, labels
from photoclip.library.catalog.backup import KEPT, backup_dir, backups, make_backup
from photoclip.library.catalog.changes import undo, undo_description
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.photos import details, load_table
from photoclip.library.catalog.restore import restore
from photoclip.library.catalog.schema import MIGRATIONS
from tests.library.catalog.catalog_helpers import record, stated, watch

GOLDEN = Path(__file__).parents[2] / "golden"
LATER = (*MIGRATIONS, ("ALTER TABLE photo ADD COLUMN title TEXT", "UPDATE photo SET title = 'none'"))


@pytest.fixture
def version_1(tmp_path: Path) -> Path:
    """A catalog that the first version of PhotoClip made."""
    path = tmp_path / "catalog.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((GOLDEN / "catalog_v1.sql").read_text("utf-8"))
    return path


def test_a_catalog_of_version_1_opens_with_all_that_is_in_it(version_1: Path) -> None:
    with closing(Catalog(version_1)) as catalog:
        assert [(label.name, label.human) for label in labels.list_labels(catalog)] == [("Beach", 2)]
        assert albums.album_photos(catalog, albums.find_album(catalog, "Trip").id).tolist() == [3, 1]
        assert details(catalog, 2).rating == 5
        assert details(catalog, 3).labels[0].verdict == 0
        assert undo_description(catalog) == "Rate 1 photo"
        undo(catalog)
        assert details(catalog, 2).rating == 0


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
def test_every_version_comes_up_to_date(tmp_path: Path, version: int) -> None:
    path = tmp_path / "catalog.sqlite"
    with closing(Catalog(path, migrations=MIGRATIONS[:version])) as old:
        labels.add_label(old, "Kept")
    with closing(Catalog(tmp_path / "new.sqlite")) as new, closing(Catalog(path)) as catalog:
        tables = "SELECT name, sql FROM sqlite_schema ORDER BY name"
        assert [tuple(row) for row in catalog.query(tables)] == [tuple(row) for row in new.query(tables)]
        assert [label.name for label in labels.list_labels(catalog)] == ["Kept"]


def test_migrating_backs_the_file_up_first(version_1: Path) -> None:
    with closing(Catalog(version_1, migrations=LATER)) as catalog:
        assert catalog.query("SELECT DISTINCT title FROM photo")[0][0] == "none"
        assert len(load_table(catalog)) == 3
    (backup,) = backups(version_1)
    with closing(Catalog(backup)) as old:
        assert len(load_table(old)) == 3
    with closing(Catalog(version_1, migrations=LATER)):
        assert backups(version_1) == [backup]  # nothing to migrate, nothing to back up


def test_a_migration_that_fails_leaves_the_old_version(version_1: Path) -> None:
    broken = (*MIGRATIONS, ("ALTER TABLE photo ADD COLUMN title TEXT", "INSERT INTO nowhere VALUES(1)"))
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        Catalog(version_1, migrations=broken)
    with closing(Catalog(version_1)) as catalog:
        assert "title" not in [row["name"] for row in catalog.query("PRAGMA table_info(photo)")]
        assert len(load_table(catalog)) == 3


def test_a_newer_catalog_is_refused_and_left_alone(version_1: Path) -> None:
    Catalog(version_1, migrations=LATER).close()
    before = version_1.read_bytes()
    with pytest.raises(CatalogTooNew, match="newer PhotoClip"):
        Catalog(version_1)
    assert version_1.read_bytes() == before


def test_a_damaged_catalog_names_the_newest_backup_and_how_to_use_it(version_1: Path) -> None:
    version_1.write_bytes(b"this is no database" * 400)
    with pytest.raises(CatalogDamaged, match="no backup yet"):
        Catalog(version_1)
    version_1.unlink()
    with closing(Catalog(version_1)) as catalog:
        labels.add_label(catalog, "Kept")
        older = make_backup(version_1, now=1.7e9)
        newest = make_backup(version_1, now=1.7e9 + 60)
    version_1.write_bytes(b"this is no database" * 400)
    with pytest.raises(CatalogDamaged) as caught:
        Catalog(version_1)
    assert f"({newest.name})" in str(caught.value)
    assert f"photoclip restore --library {version_1.parent}" in str(caught.value)
    assert older.name not in str(caught.value)
    restore(version_1, newest)  # the advice, followed
    with closing(Catalog(version_1)) as catalog:
        assert [label.name for label in labels.list_labels(catalog)] == ["Kept"]


def test_damage_in_the_middle_is_a_sentence_too(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    with closing(Catalog(path)) as catalog:
        record(catalog, watch(catalog, tmp_path / "p"), {b"/p/%d.jpg" % i: str(i) for i in range(300)})
        found = catalog.query("SELECT rootpage FROM sqlite_schema WHERE name = 'photo_newest'")
        page, size = found[0][0], catalog.query("PRAGMA page_size")[0][0]
    pages = bytearray(path.read_bytes())
    pages[(page - 1) * size : page * size] = b"\xa5" * size
    path.write_bytes(pages)
    with closing(Catalog(path)) as catalog, pytest.raises(CatalogDamaged):
        load_table(catalog)


def test_an_emptied_catalog_is_not_taken_for_a_new_one(catalog: Catalog) -> None:
    labels.add_label(catalog, "Kept")
    backup = make_backup(catalog.path)
    catalog.close()
    catalog.path.write_bytes(b"")
    with pytest.raises(CatalogDamaged, match="restore the newest backup"):
        Catalog(catalog.path)
    assert catalog.path.read_bytes() == b""
    backup.unlink()
    Catalog(catalog.path).close()  # there is nothing to restore, so a new one loses nothing


def test_damage_never_drives_out_sound_backups(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    with closing(Catalog(path)) as catalog:
        labels.add_label(catalog, "Kept")
        sound = [make_backup(path, now=1.7e9 + minute * 60) for minute in range(KEPT)]
    pages = bytearray(path.read_bytes())
    pages[8192:] = b"\xa5" * (len(pages) - 8192)
    path.write_bytes(pages)
    with pytest.raises(CatalogDamaged, match=sound[-1].name):
        make_backup(path)
    path.write_bytes(b"this is no database" * 400)
    with pytest.raises(CatalogDamaged, match=sound[-1].name):
        make_backup(path)
    assert sorted(backup_dir(path).iterdir()) == sound


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE photo(id)")
    before = path.read_bytes()
    with pytest.raises(CatalogError, match="another program"):
        Catalog(path)
    assert path.read_bytes() == before


def test_a_full_disk_is_a_sentence_and_loses_nothing(catalog: Catalog) -> None:
    label = labels.add_label(catalog, "Kept").created
    assert label is not None
    with catalog.write() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
    catalog._writer.execute(f"PRAGMA max_page_count={pages}")
    before = stated(catalog)
    with pytest.raises(DiskFull, match="is full; make room"):
        labels.edit_label(catalog, label, descriptions=["long " * 20_000])
    assert stated(catalog) == before
    catalog._writer.execute("PRAGMA max_page_count=1000000")
    labels.edit_label(catalog, label, descriptions=["long " * 20_000])


def test_a_missing_folder_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="cannot be opened"):
        Catalog(tmp_path / "nowhere" / "catalog.sqlite")


def test_reading_connections_cannot_write(catalog: Catalog) -> None:
    with pytest.raises(CatalogError, match="cannot be written"):
        catalog.read().execute("DELETE FROM label")


def test_a_failed_transaction_leaves_nothing(catalog: Catalog) -> None:
    def half() -> None:
        with catalog.write() as connection:
            connection.execute("INSERT INTO album(name, position) VALUES('half', 1)")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert albums.list_albums(catalog) == []


def test_each_thread_reads_by_itself_and_ended_threads_leave_nothing(catalog: Catalog) -> None:
    labels.add_label(catalog, "Seen")
    seen: list[object] = []
    for _ in range(5):
        thread = threading.Thread(
            target=lambda: seen.append((catalog.read(), len(labels.list_labels(catalog))))
        )
        thread.start()
        thread.join()
    assert [count for _, count in seen] == [1] * 5  # type: ignore[misc]
    catalog.read()
    assert len(catalog._readers) == 1


def test_a_closed_catalog_says_so(catalog: Catalog) -> None:
    catalog.read()
    catalog.close()
    catalog.close()
    with pytest.raises(RuntimeError, match="closed"):
        catalog.read()
    with pytest.raises(RuntimeError, match="closed"), catalog.write():
        pass


def child(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )


ALBUMS = """
import sys
from pathlib import Path
from photoclip.library.catalog.albums import create_album
from photoclip.library.catalog.connection import Catalog
catalog = Catalog(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for n in range(40):
    create_album(catalog, f"child {n}")
catalog.close()
"""


def test_two_processes_write_at_the_same_time(catalog: Catalog) -> None:
    with child(ALBUMS, catalog.path) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "ready\n"
        version = catalog.data_version()
        process.stdin.write("go\n")
        process.stdin.flush()
        for n in range(40):
            albums.create_album(catalog, f"parent {n}")
        assert process.wait() == 0
    found = [album.name for album in albums.list_albums(catalog)]
    assert sorted(found) == sorted(f"{who} {n}" for who in ("child", "parent") for n in range(40))
    assert catalog.data_version() != version
    while undo(catalog) is not None:  # one journal for both
        pass
    assert albums.list_albums(catalog) == []


BATCHES = """
import sys
from pathlib import Path
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.indexing import IndexedPhoto, record_batch
catalog = Catalog(Path(sys.argv[1]))
first = int(sys.argv[2])
def photo(i):
    return IndexedPhoto(b"/p/%d.jpg" % i, 1, 9, 9, i.to_bytes(16, "big"), 4, 3, "JPEG", 0)
for start in range(first, 10**9, 16):
    record_batch(catalog, [photo(i) for i in range(start, start + 16)])
    print(start + 16, flush=True)
"""


def test_killed_while_indexing_only_the_batch_in_hand_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    with closing(Catalog(path)) as catalog:
        watch(catalog, tmp_path / "p")
    told = 0
    for run in range(4):
        with child(BATCHES, path, told) as process:
            assert process.stdout is not None
            for _ in range(3 + 7 * run):
                told = int(process.stdout.readline())
            process.kill()
            rest = process.stdout.read().split()
        told = int(rest[-1]) if rest else told
        with closing(Catalog(path)) as catalog:
            count = len(load_table(catalog))
            assert count % 16 == 0
            assert told <= count <= told + 16
            assert catalog.query("PRAGMA integrity_check")[0][0] == "ok"
            assert catalog.query("SELECT count(*) FROM file")[0][0] == count


HALF = """
import sys
from pathlib import Path
from photoclip.library.catalog.connection import Catalog
catalog = Catalog(Path(sys.argv[1]))
with catalog.write() as connection:
    connection.execute("PRAGMA cache_spill=1")
    connection.execute("DELETE FROM photo_label")
    names = ((str(n),) for n in range(50_000))
    connection.executemany("INSERT INTO album(name, position) VALUES(?, 1)", names)
    print("half way", flush=True)
    sys.stdin.readline()
"""


def test_killed_within_a_transaction_nothing_of_it_remains(catalog: Catalog, folder: int) -> None:
    (photo,) = record(catalog, folder, {b"/p/a.jpg": "one"})
    label = labels.add_label(catalog, "Kept").created
    assert label is not None
    labels.label_photos(catalog, label, [photo])
    before = stated(catalog)
    with child(HALF, catalog.path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half way\n"
        process.kill()
    assert stated(catalog) == before
    albums.create_album(catalog, "Written after")
    assert catalog.query("PRAGMA integrity_check")[0][0] == "ok"
