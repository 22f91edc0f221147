"""Rounds of random actions on one library, each cut short by a kill, and what must hold after every one."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from photoclip.library.catalog.backup import make_backup
from photoclip.library.catalog.changes import undo_description
from photoclip.library.catalog.folders import add_folder
from photoclip.library.catalog.labels import add_label
from photoclip.library.catalog.photos import load_table, photo_at
from photoclip.library.doctor import examine
from photoclip.library.library import CATALOG_FILE, Library
from photoclip.library.models import LibraryModels
from tests.library.crash.driver import bring_up_to_date
from tests.library.crash.folder import PhotoFolder
from tests.library.crash.process import Driver
from tests.library.crash.said import Action, History, Said
from tests.library.fakes import Zoo

GOLDEN = Path(__file__).parents[2] / "golden" / "catalog_v1.sql"
LABELS = ("Beach", "Dogs", "Garden")
ALBUMS = ("Best", "Trip")
MODELS = ("starter", "big", "third")
LONG = ("index", "switch", "backup")
ACTIONS = 14
"""In a round, most of them by hand."""
SLOW = 0.08
"""Seconds within which a long action is killed, a short one within a tenth of it."""
BROKEN_DISK = 0.2
"""In so many of the rounds writing begins to fail before the kill."""
LOOKED_AT = 0.3
"""In so many of the rounds the doctor comes while the other process writes."""
OLD_LIBRARIES = 12
UNUSED = {
    "content-unused", "thumbnail-unused", "vectors-unused", "leftover", "vectors-torn", "vectors-unfinished",
}  # fmt: skip
"""What the doctor may note of a library that is up to date: earlier states of edited photos, what a killed
backup has left, and the vectors of a model that came and was then not chosen."""


class CrashTest:
    """One library under `folder`. Everything is decided by the seed, except when exactly a kill comes."""

    def __init__(self, folder: Path, seed: int, driver: Driver) -> None:
        self.driver = driver
        self.chance = random.Random(seed)
        self.folder = folder
        self.library = folder / "library"
        self.photos = PhotoFolder(folder / "photos", self.chance)
        self.history = History((Said(),))
        self.up_to_date = False
        self.kills: dict[str, int] = {}
        with Library.open(self.library) as library:
            add_folder(library.catalog, bytes(self.photos.path))
            with library.catalog.write() as connection:
                connection.execute("DELETE FROM change")  # to undo it is no business of the test

    def round(self) -> None:
        """Random actions, a kill, and the look after it."""
        self.photos.add(self.chance.randint(2, 8))
        if self.up_to_date:
            self.photos.stir()
        actions = self._actions()
        broken = self.chance.random() < BROKEN_DISK
        limit = self.chance.randint(64, 700) << 10 if broken else None
        target = self._target(actions)
        with self.driver.job("act", self.library, actions, limit):
            self.driver.wait_for(target)
            if self.chance.random() < LOOKED_AT:
                assert_nothing_wrong(self.library)
            slow = SLOW if actions[target][0] in LONG else SLOW / 10
            self.driver.let_go_on(self.chance.uniform(0, slow))
        self._check(actions, self.driver.told)

    def migration_round(self) -> None:
        """Old libraries are opened one by one, until a kill; then every one opens, with all in it."""
        folders = [self.folder / "old" / str(number) for number in range(OLD_LIBRARIES)]
        for folder in folders:
            _make_old(folder)
        with self.driver.job("open", folders):
            self.driver.wait_for(self.chance.randrange(OLD_LIBRARIES))
            self.driver.let_go_on(self.chance.uniform(0, SLOW / 2))
        for folder in folders:
            with Library.open(folder) as library:
                assert Said.of(library.catalog) == OLD, folder
                assert undo_description(library.catalog) == "Rate 1 photo"
                assert len(load_table(library.catalog)) == 3
            assert_nothing_wrong(folder)
        shutil.rmtree(self.folder / "old")
        self._count("migrate")

    def restore_round(self) -> None:
        """Two backups are put back in turns, until a kill; the catalog is as one of them has it."""
        folder = self.folder / "restored"
        _make_old(folder)
        with Library.open(folder) as library:
            backups = [make_backup(library.catalog.path)]
            add_label(library.catalog, "Second")
            backups.append(make_backup(library.catalog.path))
        states = (OLD, OLD.after(["label_add", "Second"]))
        with self.driver.job("restore", folder / CATALOG_FILE, backups):
            self.driver.wait_for(self.chance.randint(1, 3))
            self.driver.let_go_on(self.chance.uniform(0, SLOW))
        with Library.open(folder) as library:
            assert Said.of(library.catalog) in states
        assert_nothing_wrong(folder)
        shutil.rmtree(folder)
        self._count("restore")

    def _actions(self) -> list[Action]:
        """A random walk from what is said now, with one or two long actions among those by hand."""
        with Library.open(self.library) as library:
            ids = load_table(library.catalog).ids.tolist()
        history, actions = self.history, list[Action]()
        long = set(self.chance.sample(range(ACTIONS), 2))
        for place in range(ACTIONS):
            action = self._long_action() if place in long else self._by_hand(history.now, ids)
            history = history.after(action)
            actions.append(action)
        return actions

    def _long_action(self) -> Action:
        kind = self.chance.choices(LONG, (5, 3, 1))[0]
        return [kind, self.chance.choice(MODELS)] if kind == "switch" else [kind]

    def _by_hand(self, said: Said, ids: list[int]) -> Action:
        chosen = self.chance.sample(ids, min(len(ids), self.chance.randint(1, 12)))
        label, album = self.chance.choice(LABELS), self.chance.choice(ALBUMS)
        kind = self.chance.choices(("label", "album", "rate", "undo", "redo"), (6, 3, 2, 3, 2))[0]
        if kind == "label":
            if label not in said.labels:
                return ["label_add", label]
            word = self.chance.choices(("label", "unlabel", "reject", "label_delete"), (6, 2, 2, 1))[0]
            return [word, label] if word == "label_delete" else [word, label, chosen]
        if kind == "album":
            if album not in said.albums:
                return ["album", album, chosen]
            return self.chance.choice((["album_add", album, chosen], ["album_delete", album]))
        return ["rate", chosen, self.chance.randint(0, 5)] if kind == "rate" else [kind]

    def _target(self, actions: list[Action]) -> int:
        """The action in which the kill is to come: as often a long one as one by hand."""
        long = [place for place, action in enumerate(actions) if action[0] in LONG]
        return self.chance.choice(long if self.chance.random() < 0.6 else range(len(actions)))

    def _check(self, actions: list[Action], told: list[str]) -> None:
        for action, line in zip(actions, told, strict=False):
            if line == "done":
                self.history = self.history.after(action)
        cut_short = actions[len(told)] if len(told) < len(actions) else None
        with Library.open(self.library) as library:
            self._check_said(library, cut_short)
            assert_nothing_wrong(self.library)
            self.up_to_date = self.chance.random() < 0.5
            if self.up_to_date:
                self._bring_up_to_date(library)
        if cut_short is not None:
            self._count(cut_short[0])

    def _check_said(self, library: Library, cut_short: Action | None) -> None:
        """All that was told of is there, and of what was cut short all or nothing."""
        found = Said.of(library.catalog)
        if found != self.history.now and cut_short is not None:
            self.history = self.history.after(cut_short)
        assert found == self.history.now, cut_short
        states = library.catalog.query(
            "SELECT coalesce(sum(state = 'done'), 0), coalesce(sum(state = 'undone'), 0) FROM change"
        )[0]
        assert states[1] == self.history.undone, cut_short
        if not self.history.dropped:
            assert states[0] == self.history.at, cut_short

    def _bring_up_to_date(self, library: Library) -> None:
        """Then each photo is read and is who it was, whatever happened to its file."""
        said = Said.of(library.catalog)
        bring_up_to_date(LibraryModels(library, Zoo()))
        assert Said.of(library.catalog) == said
        for name in self.photos.names:
            found = photo_at(library.catalog, bytes(self.photos.path / name))
            assert found is not None, name
            assert self.photos.ids.setdefault(name, found) == found, name
        assert len(load_table(library.catalog)) == len(self.photos.names)
        left = {finding.what for finding in examine(self.library, disk=True)}
        assert left <= UNUSED, left

    def _count(self, kind: str) -> None:
        self.kills[kind] = self.kills.get(kind, 0) + 1


def assert_nothing_wrong(folder: Path) -> None:
    """The doctor has nothing but notes: of work that goes on with the next index run."""
    wrong = [finding for finding in examine(folder) if finding.severity != "note"]
    assert not wrong, wrong


OLD = Said({"Beach": {1: 1, 2: 1, 3: 0}}, {"Trip": (3, 1)}, {2: 5})
"""What was said in the old library."""


def _make_old(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True)
    with closing(sqlite3.connect(folder / CATALOG_FILE)) as connection:
        connection.executescript(GOLDEN.read_text("utf-8"))
