"""Backups: when they are made, which are kept, what is refused, and putting one back."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from photoclip.errors import CatalogDamaged, CatalogError, CatalogTooNew, DiskFull, LibraryBusy
from photoclip.library.catalog import labels
from photoclip.library.catalog.backup import (
    DAY,
    backup_dir,
    backup_if_due,
    backup_name,
    backups,
    catalog_facts,
    copy_catalog,
    made_at,
    make_backup,
)
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.restore import newest_sound, restore


def names(catalog: Catalog) -> list[str]:
    return [label.name for label in labels.list_labels(catalog)]


def changed(catalog: Catalog, newest: Path) -> None:
    """As if the catalog was written to after this backup, whatever the clock's steps are."""
    before = catalog.path.stat().st_mtime - 10
    os.utime(newest, (before, before))


def test_a_backup_is_due_when_a_day_has_passed_and_something_has_changed(catalog: Catalog) -> None:
    first = backup_if_due(catalog.path)
    assert first is not None
    assert backup_if_due(catalog.path) is None
    later = catalog.path.stat().st_mtime + 2 * DAY
    log = catalog.path.with_name("catalog.sqlite-wal")
    os.utime(first, (later - 1.5 * DAY,) * 2)
    for path in (catalog.path, log):
        os.utime(path, (later - 1.6 * DAY,) * 2)
    assert backup_if_due(catalog.path, now=later) is None
    changed(catalog, first)
    assert backup_if_due(catalog.path, now=later) is not None
    assert backup_dir(catalog.path).stat().st_mode & 0o777 == 0o700
    assert first.stat().st_mode & 0o777 == 0o600


def test_a_week_of_days_and_a_month_of_weeks_are_kept(catalog: Catalog) -> None:
    start = 20_000 * DAY
    for half_day in range(2 * 35):
        make_backup(catalog.path, now=start + half_day * DAY / 2)
    end = start + 34.5 * DAY
    ages = [(end - made_at(path)) / DAY for path in backups(catalog.path)]
    assert ages[:8] == [0, 0.5, 1, 2, 3, 4, 5, 6]
    assert len(ages) <= 8 + 4
    assert 14 < ages[-1] < 28


def test_a_disk_that_is_nearly_full_is_left_alone(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage(NamedTuple):
        total: int
        used: int
        free: int

    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**12, 10**12, 10**8))
    assert backup_if_due(catalog.path) is None
    assert not backup_dir(catalog.path).exists()
    make_backup(catalog.path)  # one that is asked for is made all the same


def test_a_copy_on_a_full_disk_leaves_nothing(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA max_page_count=1")
        return connection

    monkeypatch.setattr("photoclip.library.catalog.backup.connect", full)
    with pytest.raises((DiskFull, CatalogError)):
        copy_catalog(catalog.path, tmp_path / "copy.sqlite")
    assert not list(tmp_path.glob("copy.sqlite*"))


def test_what_a_killed_backup_has_left_is_swept(catalog: Catalog) -> None:
    folder = make_backup(catalog.path).parent
    old, fresh = folder / "catalog-1.sqlite.part", folder / "catalog-2.sqlite.part"
    for path in (old, fresh):
        path.write_bytes(b"half")
    os.utime(old, (1e9, 1e9))
    make_backup(catalog.path)
    assert (old.exists(), fresh.exists()) == (False, True)


def test_names_tell_when_and_sort_by_it(tmp_path: Path) -> None:
    stamps = [1.7e9, 1.7e9 + 0.25, 1.7e9 + 1]
    made = [backup_name(stamp) for stamp in stamps]
    assert made == sorted(made)
    assert [made_at(tmp_path / name) for name in made] == [1.7e9, 1.7e9, 1.7e9 + 1]
    other = tmp_path / "mine.sqlite"
    other.write_bytes(b"")
    os.utime(other, (5, 5))
    assert made_at(other) == 5


def test_what_a_backup_holds(catalog: Catalog) -> None:
    labels.add_label(catalog, "Kept")
    found = catalog_facts(make_backup(catalog.path))
    assert (found.photos, found.labels, found.tagged, found.albums) == (0, 1, 0, 0)
    assert found.bytes > 0


def test_a_backup_is_put_back_and_what_it_replaces_is_kept(catalog: Catalog) -> None:
    labels.add_label(catalog, "Before")
    backup = make_backup(catalog.path)
    labels.add_label(catalog, "After")
    catalog.close()
    replaced = restore(catalog.path, backup)
    assert replaced is not None
    with closing(Catalog(catalog.path)) as again:
        assert names(again) == ["Before"]
    assert backup.exists()
    assert restore(catalog.path, replaced) is not None
    with closing(Catalog(catalog.path)) as again:
        assert names(again) == ["Before", "After"]


@pytest.mark.parametrize("damage", [b"", b"this is no database" * 400])
def test_a_damaged_catalog_is_replaced(catalog: Catalog, damage: bytes) -> None:
    labels.add_label(catalog, "Kept")
    make_backup(catalog.path)
    catalog.close()
    catalog.path.write_bytes(damage)
    Path(f"{catalog.path}-wal").write_bytes(b"of the damaged one")
    replaced = restore(catalog.path, newest_sound(catalog.path).path)
    assert replaced is not None
    assert replaced.read_bytes() == damage or not damage
    with closing(Catalog(catalog.path)) as again:
        assert names(again) == ["Kept"]


def test_a_catalog_that_is_gone_comes_back(catalog: Catalog) -> None:
    labels.add_label(catalog, "Kept")
    backup = make_backup(catalog.path)
    catalog.close()
    catalog.path.unlink()
    assert restore(catalog.path, backup) is None
    with closing(Catalog(catalog.path)) as again:
        assert names(again) == ["Kept"]


HOLD = """
import sys
from pathlib import Path
from photoclip.library.catalog.connection import Catalog
catalog = Catalog(Path(sys.argv[1]))
catalog.query("SELECT count(*) FROM photo")
print("open", flush=True)
sys.stdin.readline()
"""


def test_nothing_is_put_back_while_another_process_uses_the_library(catalog: Catalog) -> None:
    labels.add_label(catalog, "Here")
    backup = make_backup(catalog.path)
    catalog.close()
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(catalog.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        with pytest.raises(LibraryBusy, match="close it before"):
            restore(catalog.path, backup)
        process.kill()
    assert not [path for path in catalog.path.parent.iterdir() if "restoring" in path.name]
    restore(catalog.path, backup)


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version=999")


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA application_id=1")


def torn(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 4096)


@pytest.mark.parametrize(
    ("spoil", "error"), [(newer, CatalogTooNew), (foreign, CatalogError), (torn, CatalogDamaged)]
)
def test_what_cannot_be_put_back_is_refused(
    catalog: Catalog, spoil: Callable[[Path], None], error: type[CatalogError]
) -> None:
    labels.add_label(catalog, "Here")
    sound, backup = make_backup(catalog.path, now=1.7e9), make_backup(catalog.path, now=1.7e9 + 1)
    spoil(backup)
    catalog.close()
    before = catalog.path.read_bytes()
    with pytest.raises(error):
        restore(catalog.path, backup)
    with pytest.raises(CatalogError, match="no backup"):
        restore(catalog.path, backup.with_name("nowhere"))
    assert catalog.path.read_bytes() == before
    assert newest_sound(catalog.path).path == sound
