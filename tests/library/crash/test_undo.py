"""Five thousand labels undone and done again in one step, which a kill finds done or not done."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

pytest.importorskip("resource", reason="limits of a process are POSIX's")

from photoclip.library.catalog.changes import redo, redo_description, undo, undo_description
from photoclip.library.catalog.labels import add_label, find_label, label_photos
from photoclip.library.library import Library
from tests.library.catalog.catalog_helpers import record, watch
from tests.library.crash.process import Driver
from tests.library.crash.rounds import assert_nothing_wrong

PHOTOS = 5000
KILLS = 12
STEPS = 3
"""Steps that are told of before a kill comes, at most."""


def test_killed_in_the_middle_of_undo_and_redo(tmp_path: Path) -> None:
    folder, chance = tmp_path / "library", random.Random(4)
    with Library.open(folder) as library:
        watched = watch(library.catalog, tmp_path / "photos")
        ids = record(
            library.catalog, watched, {b"%s/%d.jpg" % (bytes(tmp_path), n): str(n) for n in range(PHOTOS)}
        )
        beach = add_label(library.catalog, "Beach").created
        assert beach is not None
        label_photos(library.catalog, beach, ids)
    labelled, cut_short = True, 0
    with Driver() as driver:
        for _ in range(KILLS):
            steps = ["undo", "redo"] if labelled else ["redo", "undo"]
            with driver.job("act", folder, [[step] for step in steps * STEPS], None):
                driver.wait_for(chance.randrange(STEPS))
                driver.let_go_on(chance.uniform(0, 0.05))
            assert set(driver.told) <= {"done"}
            labelled ^= len(driver.told) % 2 == 1
            found = how_many(folder)
            assert found in (0, PHOTOS)
            cut_short += found == (PHOTOS if labelled else 0)
            labelled = found == PHOTOS
    assert cut_short > KILLS // 3, "the kills came too late to test anything"
    assert_nothing_wrong(folder)


def how_many(folder: Path) -> int:
    """Labelled photos; the journal says the same, and still takes the step back and forth in one."""
    with Library.open(folder) as library:
        catalog = library.catalog
        count = find_label(catalog, "Beach").human
        next_undo, next_redo = undo_description(catalog), redo_description(catalog)
        words = f"Label {PHOTOS:,} photos Beach"
        assert ((next_undo, next_redo) == (words, None)) == (count == PHOTOS)
        assert (next_redo == words) == (count == 0)
        change = undo(catalog) if count else redo(catalog)
        assert change is not None
        assert len(change.rows) == PHOTOS
        assert find_label(catalog, "Beach").human == PHOTOS - count
        back = redo(catalog) if count else undo(catalog)
        assert back is not None
        return count
