"""kill -9 and broken disks at random moments: nothing is lost, nothing is half. Long form: `make soak`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.library.crash.said import History, Said

pytest.importorskip("resource", reason="limits of a process are POSIX's")

from tests.library.crash.process import Driver
from tests.library.crash.rounds import CrashTest

KILLS = 10


def test_killed_at_random_nothing_is_lost_and_nothing_is_half(tmp_path: Path) -> None:
    with Driver() as driver:
        test = CrashTest(tmp_path, seed=7, driver=driver)
        while sum(test.kills.values()) < KILLS:
            test.round()
        for _ in range(2):
            test.migration_round()
            test.restore_round()


def test_the_model_of_what_is_said() -> None:
    history = History((Said(),))
    for action in (["label_add", "Beach"], ["label", "Beach", [1, 2]], ["rate", [1], 3], ["rate", [1], 3]):
        history = history.after(action)
    assert history.now == Said({"Beach": {1: 1, 2: 1}}, {}, {1: 3})
    assert (history.at, history.undone) == (3, 0)
    history = history.after(["undo"]).after(["undo"])
    assert history.now == Said({"Beach": {}})
    history = history.after(["redo"]).after(["label_delete", "Beach"]).after(["redo"])
    assert history.now == Said()
    assert (history.at, history.undone) == (3, 0)
