"""The synthetic catalog is what it says, and the catalog's own promises hold on it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.folders import list_folders
from photoclip.library.catalog.labels import list_labels
from photoclip.library.catalog.photos import details, load_table
from tests.library.synthetic import fill


def test_a_synthetic_catalog_is_whole_and_always_the_same(tmp_path: Path) -> None:
    tables = []
    pictures: list[tuple[bytes, int]] = []
    for name in ("one", "two"):
        with closing(Catalog(tmp_path / f"{name}.sqlite")) as catalog:
            fill(catalog, 2000, thumbnails=pictures.extend)
            table = load_table(catalog)
            tables.append((table.ids.tolist(), table.hashes.tolist(), table.taken.tolist()))
            assert catalog.query("PRAGMA foreign_key_check") == []
            assert list_folders(catalog)[0].photos == 2000
            assert list_labels(catalog)[0].human > 0
            known = details(catalog, int(table.ids[5]))
            assert known.taken_at == table.taken[5]
            assert known.content_hash == table.hash_of(5)
    assert tables[0] == tables[1]
    assert len(pictures) == 4000


def test_the_table_comes_from_one_index_in_its_own_order(tmp_path: Path) -> None:
    from photoclip.library.catalog.photos import _TABLE

    with closing(Catalog(tmp_path / "catalog.sqlite")) as catalog:
        (step,) = catalog.query("EXPLAIN QUERY PLAN " + _TABLE, (2, -1))
        assert "USING COVERING INDEX photo_newest" in step["detail"]
