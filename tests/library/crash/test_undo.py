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
KILLS = 8
STEPS = 3
"""Steps that are told of before a kill comes, at most."""


def test_killed_in_the_middle_of_undo_and_redo(tmp_path: Path) -> None:
    folder, chance = tmp_path / "library", random.Random(4)
    with Library.open(folder) as library:
        watched = watch(library.catalog, tmp_path / "photos")
        files = {b"%s/%d.jpg" % (bytes(tmp_path / "photos"), number): str(number) for number in range(PHOTOS)}
        beach = add_label(library.catalog, "Beach").created
        assert beach is not None
        label_photos(library.catalog, beach, record(library.catalog, watched, files))
    labelled, undone = PHOTOS, 0  # undone by the kill: the step in hand
    with Driver() as driver:
        for _ in range(KILLS):
            steps = ["undo", "redo"] if labelled else ["redo", "undo"]
            with driver.job("act", folder, [[step] for step in steps * STEPS], None):
                driver.wait_for(chance.randrange(STEPS))
                driver.let_go_on(chance.uniform(0, 0.05))
            assert set(driver.told) <= {"done"}
            told_of = labelled if len(driver.told) % 2 == 0 else PHOTOS - labelled
            labelled = how_many(folder)
            undone += labelled == told_of and len(driver.told) < len(steps) * STEPS
    assert undone > KILLS // 3, "the kills came too late to test anything"
    assert_nothing_wrong(folder)
    with Library.open(folder) as library:
        step, back = (undo, redo) if labelled else (redo, undo)
        for walk, count in ((step, PHOTOS - labelled), (back, labelled)):
            change = walk(library.catalog)
            assert change is not None
            assert len(change.rows) == PHOTOS
            assert find_label(library.catalog, "Beach").human == count


def how_many(folder: Path) -> int:
    """The labelled photos, all or none; the journal says the same."""
    with Library.open(folder) as library:
        count = find_label(library.catalog, "Beach").human
        journal = undo_description(library.catalog), redo_description(library.catalog)
    words = f"Label {PHOTOS:,} photos Beach"
    assert (count, *journal) in ((PHOTOS, words, None), (0, "Add the label Beach", words))
    return count
