"""After a change of models the automatic labels are those of the model that serves now."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from photoclip.library import labelling, relabelling
from photoclip.library.catalog.changes import undo
from photoclip.library.catalog.judged import Judged, judged
from photoclip.library.catalog.labels import add_label, edit_label, label_photos, labelled, reject_photos
from photoclip.library.engines import Engines
from photoclip.library.labelling import Scope
from photoclip.library.models import LibraryModels
from tests.library.fakes import COLOURS, FAKE_INFO, FakeEncoder, Zoo, encode_pictures, plain
from tests.library.search_helpers import Shelf

NAMES = ["red-1.jpg", "red-2.jpg", "green-1.jpg", "blue-1.jpg", "yellow-1.jpg"]
ALL = Scope("all")


@pytest.fixture
def zoo() -> Zoo:
    return Zoo()


@pytest.fixture
def models(shelf: Shelf, zoo: Zoo) -> LibraryModels:
    shelf.add(NAMES)
    return LibraryModels(shelf.library, zoo)


@pytest.fixture
def engines(models: LibraryModels) -> Iterator[Engines]:
    engines = Engines(models)
    yield engines
    engines.close()


@pytest.fixture
def red(shelf: Shelf, engines: Engines) -> int:
    """A label put on the two red photos by the first model."""
    created = add_label(shelf.catalog, "Red", ["red"]).created
    assert created is not None
    labelling.apply(engines.current(), created, ALL)
    assert names(shelf, created) == {"red-1.jpg", "red-2.jpg"}
    return created


def names(shelf: Shelf, label: int) -> set[str]:
    return set(shelf.names(labelled(shelf.catalog, label)))


def read(shelf: Shelf, model: FakeEncoder, seen: dict[str, str]) -> None:
    """Lets a model read the photos, and see other colours in some than they have."""
    keys, vectors = shelf.library.vectors(FAKE_INFO).snapshot()
    hashes = {bytes(key).ljust(16, b"\0"): vector for key, vector in zip(keys, vectors, strict=True)}
    for name, colour in seen.items():
        (row,) = shelf.catalog.query("SELECT hash FROM photo WHERE id = ?", (shelf.id_of(name),))
        hashes[row["hash"]] = encode_pictures(plain(COLOURS[colour]))[0]
    turned = np.roll(np.stack(list(hashes.values())), model._turn, axis=1)
    shelf.library.vectors(model.info).append(list(hashes), turned)


def switch(models: LibraryModels, shelf: Shelf, zoo: Zoo, name: str = "big", **seen: str) -> None:
    """To a model that sees, for instance, blue in red-2.jpg: red_2="blue"."""
    models.choose(name)
    read(shelf, zoo.models[name], {f"{key.replace('_', '-')}.jpg": value for key, value in seen.items()})
    assert models.settle()


def test_a_label_comes_off_where_the_new_model_does_not_find_it_and_back_with_the_switch(
    models: LibraryModels, shelf: Shelf, zoo: Zoo, engines: Engines, red: int
) -> None:
    assert not relabelling.is_due(shelf.catalog)
    switch(models, shelf, zoo, red_2="blue", green_1="red")
    assert relabelling.is_due(shelf.catalog)
    change = relabelling.follow(models, engines)
    assert change is not None
    assert change.description == "Renew automatic labels with big"
    assert judged(shelf.catalog) == Judged("big-1", change.id)
    assert names(shelf, red) == {"red-1.jpg"}  # not on the green one either, which nobody has seen
    assert relabelling.follow(models, engines) is None
    models.switch_back()
    assert relabelling.follow(models, engines) is not None
    assert names(shelf, red) == {"red-1.jpg", "red-2.jpg"}
    models.switch_back()
    relabelling.follow(models, engines)
    assert names(shelf, red) == {"red-1.jpg"}


def test_a_label_that_is_kept_applied_follows_on_all_photos(
    models: LibraryModels, shelf: Shelf, zoo: Zoo, engines: Engines, red: int
) -> None:
    edit_label(shelf.catalog, red, keep_applied=True)
    switch(models, shelf, zoo, red_2="blue", green_1="red")
    relabelling.follow(models, engines)
    assert names(shelf, red) == {"red-1.jpg", "green-1.jpg"}
    models.switch_back()
    relabelling.follow(models, engines)
    assert names(shelf, red) == {"red-1.jpg", "red-2.jpg"}


def test_what_a_person_said_stays(
    models: LibraryModels, shelf: Shelf, zoo: Zoo, engines: Engines, red: int
) -> None:
    edit_label(shelf.catalog, red, keep_applied=True)
    label_photos(shelf.catalog, red, [shelf.id_of("red-2.jpg"), shelf.id_of("blue-1.jpg")])
    reject_photos(shelf.catalog, red, [shelf.id_of("green-1.jpg")])
    before = shelf.catalog.query("SELECT * FROM photo_label WHERE source = 'human' ORDER BY photo_id")
    switch(models, shelf, zoo, red_1="blue", red_2="blue", green_1="red")
    relabelling.follow(models, engines)
    after = shelf.catalog.query("SELECT * FROM photo_label ORDER BY photo_id")
    assert [tuple(row) for row in after] == [tuple(row) for row in before]


def test_it_is_one_change_that_undo_takes_back(
    models: LibraryModels, shelf: Shelf, zoo: Zoo, engines: Engines, red: int
) -> None:
    blue = add_label(shelf.catalog, "Blue", ["blue"]).created
    assert blue is not None
    labelling.apply(engines.current(), blue, ALL)
    switch(models, shelf, zoo, red_2="blue", blue_1="green")
    relabelling.follow(models, engines)
    assert (names(shelf, red), names(shelf, blue)) == ({"red-1.jpg"}, set())
    undo(shelf.catalog)
    assert (names(shelf, red), names(shelf, blue)) == ({"red-1.jpg", "red-2.jpg"}, {"blue-1.jpg"})
    assert relabelling.follow(models, engines) is None  # a person did not want it


def test_it_waits_until_the_model_has_read_all_photos(
    models: LibraryModels, shelf: Shelf, zoo: Zoo, engines: Engines, red: int
) -> None:
    models.settle()
    models.choose("big", at_once=True)
    assert relabelling.follow(models, engines) is None
    assert names(shelf, red) == {"red-1.jpg", "red-2.jpg"}
    read(shelf, zoo.models["big"], {"red-1.jpg": "green"})
    relabelling.follow(models, engines)
    assert names(shelf, red) == {"red-2.jpg"}


def test_without_labels_nothing_is_asked_of_the_model(
    models: LibraryModels, shelf: Shelf, zoo: Zoo, engines: Engines
) -> None:
    switch(models, shelf, zoo)
    assert relabelling.follow(models, engines) is None
    assert zoo.models["big"].calls == []
    assert not relabelling.is_due(shelf.catalog)
