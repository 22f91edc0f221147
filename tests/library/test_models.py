"""Which model serves, and which is coming, without reading a photo."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from photoclip.errors import ModelError, PhotoClipError
from photoclip.library.catalog.served import Served, served
from photoclip.library.comparison import Comparison, compare
from photoclip.library.engines import Engines
from photoclip.library.missing_model import MissingModel
from photoclip.library.models import LibraryModels, Reading
from photoclip.settings import choose_model, chosen_model
from tests.library.fakes import FAKE_INFO, FakeEncoder, Zoo, another, encode_pictures
from tests.library.search_helpers import Shelf

NAMES = ["red-1.jpg", "red-2.jpg", "blue-1.jpg", "green-1.jpg"]


@pytest.fixture
def zoo() -> Zoo:
    return Zoo()


@pytest.fixture
def models(shelf: Shelf, zoo: Zoo) -> LibraryModels:
    """A library whose four photos are known to the starter, which nobody wrote down yet."""
    shelf.add(NAMES)
    return LibraryModels(shelf.library, zoo)


def read(shelf: Shelf, model: FakeEncoder, *, all_but: int = 0) -> None:
    """Gives a model the vectors of the starter's photos."""
    keys, _ = shelf.library.vectors(FAKE_INFO).snapshot()
    hashes = [bytes(key).ljust(16, b"\0") for key in keys]
    pictures = np.zeros((len(hashes), 16, 16, 3), np.uint8)
    count = len(hashes) - all_but
    vectors = np.roll(encode_pictures(pictures), model._turn, axis=1)
    shelf.library.vectors(model.info).append(hashes[:count], vectors[:count])


def switched(models: LibraryModels, shelf: Shelf, zoo: Zoo, name: str) -> None:
    models.choose(name)
    read(shelf, zoo.models[name])
    assert models.settle()


def names(models: LibraryModels) -> tuple[str, str | None]:
    coming = models.coming
    return models.serving.info.name, coming.info.name if coming is not None else None


def test_the_chosen_model_serves_where_none_is_written_down(models: LibraryModels, shelf: Shelf) -> None:
    assert names(models) == ("fake", None)
    assert models.reading() is None
    assert models.known_to(FAKE_INFO) == Reading("fake", 4, 4)
    assert served(shelf.catalog) == []
    assert not models.settle()
    assert served(shelf.catalog) == [Served("starter", "fake-1")]


def test_another_default_model_does_not_take_over(models: LibraryModels, shelf: Shelf, zoo: Zoo) -> None:
    models.settle()
    choose_model(shelf.library.folder, "big")  # as if another version shipped with another default
    assert names(LibraryModels(shelf.library, zoo)) == ("fake", "big")


def test_the_one_before_serves_until_all_is_read(models: LibraryModels, shelf: Shelf, zoo: Zoo) -> None:
    told: list[tuple[str, str | None]] = []
    models.subscribe(lambda: told.append(names(models)))
    models.choose("big")
    assert chosen_model(shelf.library.folder) == "big"
    assert names(models) == names(LibraryModels(shelf.library, zoo)) == ("fake", "big")
    read(shelf, zoo.models["big"], all_but=1)
    assert not models.settle()
    assert models.reading() == Reading("big", 3, 4)
    read(shelf, zoo.models["big"])
    assert models.settle()
    assert names(models) == names(LibraryModels(shelf.library, zoo)) == ("big", None)
    assert told == [("fake", "big"), ("big", None)]


def test_a_library_without_vectors_has_nothing_to_serve_with(shelf: Shelf, zoo: Zoo) -> None:
    shelf.add(NAMES, embedded=False)
    models = LibraryModels(shelf.library, zoo)
    models.choose("big")
    assert names(models) == ("big", None)


def test_the_one_that_served_before_does_so_at_once(models: LibraryModels, shelf: Shelf, zoo: Zoo) -> None:
    switched(models, shelf, zoo, "big")
    new = shelf.add(["white-1.jpg"], embedded=False)  # the starter has not read it
    models.choose("starter")
    assert names(models) == ("fake", None)
    assert models.known_to(FAKE_INFO) == Reading("fake", 4, 5)
    found = Engines(models).current().search("red")
    assert shelf.names(found)[:2] in (NAMES[:2], NAMES[1::-1])
    assert (found.pending, next(iter(new.values())) in found.ids) == (1, False)
    models.choose("big")
    assert names(models) == ("big", None)


def test_at_once(models: LibraryModels, shelf: Shelf, zoo: Zoo) -> None:
    models.choose("big", at_once=True)
    assert names(models) == ("big", None)
    assert Engines(models).current().search("red").pending == 4
    assert models.switch_back() == "starter"
    assert names(models) == ("fake", None)


def test_switching_back(models: LibraryModels, shelf: Shelf, zoo: Zoo) -> None:
    with pytest.raises(PhotoClipError, match="no other model to go back to"):
        models.switch_back()
    models.choose("big")
    assert models.switch_back() == "starter"
    assert (names(models), chosen_model(shelf.library.folder)) == (("fake", None), "starter")
    switched(models, shelf, zoo, "big")
    assert models.switch_back() == "starter"
    assert names(models) == ("fake", None)
    assert models.switch_back() == "big"


def test_one_process_notices_what_another_did(models: LibraryModels, shelf: Shelf, zoo: Zoo) -> None:
    assert names(models) == ("fake", None)
    other = LibraryModels(shelf.library, Zoo())
    told: list[tuple[str, str | None]] = []
    models.subscribe(lambda: told.append(names(models)))
    other.choose("big")
    models.refresh()
    read(shelf, zoo.models["big"])
    other.settle()
    models.refresh()
    models.refresh()
    assert told == [("fake", "big"), ("big", None)]


def test_a_kill_between_choice_and_switch_leaves_the_one_that_served(
    models: LibraryModels, shelf: Shelf, zoo: Zoo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    switched(models, shelf, zoo, "big")
    with monkeypatch.context() as patch:
        patch.setattr("photoclip.library.models.serve", killed)
        with pytest.raises(KeyboardInterrupt):
            models.choose("starter")
    later = LibraryModels(shelf.library, zoo)
    assert names(later) == ("big", "fake")
    assert later.settle()
    assert names(later) == ("fake", None)


def test_a_model_that_is_gone_or_another_one_serves_no_more(
    models: LibraryModels, shelf: Shelf, zoo: Zoo
) -> None:
    models.choose("big")
    starter = zoo.models.pop("starter")
    assert names(LibraryModels(shelf.library, zoo)) == ("big", None)
    zoo.models["starter"] = FakeEncoder(replace(FAKE_INFO, key="fake-2"))  # replaced by another version
    assert names(LibraryModels(shelf.library, zoo)) == ("big", None)
    zoo.models["starter"] = starter
    assert names(LibraryModels(shelf.library, zoo)) == ("fake", "big")


def test_the_one_that_serves_goes_on_without_the_chosen_one(
    models: LibraryModels, shelf: Shelf, zoo: Zoo
) -> None:
    models.choose("big")
    del zoo.models["big"]
    with pytest.raises(ModelError, match="no model big"):
        _ = LibraryModels(shelf.library, zoo).serving
    later = LibraryModels(shelf.library, zoo, MissingModel("There is no model big."))
    assert (names(later), later.problem) == (("fake", None), "There is no model big.")
    with pytest.raises(ModelError, match="no model big"):
        later.choose("big")
    zoo.models["big"] = Zoo().models["big"]
    later.choose("big")
    assert (names(later), later.problem) == (("fake", "big"), "")


def test_a_broken_model_is_left_for_another(models: LibraryModels, shelf: Shelf, zoo: Zoo) -> None:
    choose_model(shelf.library.folder, "gone")
    fresh = LibraryModels(shelf.library, zoo)
    fresh.choose("big")
    assert names(fresh) == ("big", None)


def test_a_choice_that_cannot_be_kept_changes_nothing(
    models: LibraryModels, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("photoclip.library.models.choose_model", full)
    with pytest.raises(PhotoClipError, match="No space left on device"):
        models.choose("big")
    with pytest.raises(ModelError):
        models.choose("nonesuch")
    assert names(models) == ("fake", None)


def test_forgetting(models: LibraryModels, shelf: Shelf, zoo: Zoo) -> None:
    with pytest.raises(PhotoClipError, match="starter is in use"):
        models.forget("starter")
    with pytest.raises(PhotoClipError, match="big has read no photos"):
        models.forget("big")
    models.choose("big")
    with pytest.raises(PhotoClipError, match="big is in use"):
        models.forget("big")
    switched(models, shelf, zoo, "big")
    models.forget("starter")
    assert shelf.library.vector_keys() == {"big-1"}
    assert served(shelf.catalog) == [Served("big", "big-1")]
    assert models.previous() is None
    models.choose("starter")
    assert names(models) == ("big", "fake")


def test_a_kill_while_vectors_are_dropped_leaves_none(
    models: LibraryModels, shelf: Shelf, zoo: Zoo, monkeypatch: pytest.MonkeyPatch
) -> None:
    switched(models, shelf, zoo, "big")
    store = shelf.library.vectors(FAKE_INFO)
    real = Path.unlink

    def killed(path: Path, missing_ok: bool = False) -> None:
        if path == store.rows_path:
            raise KeyboardInterrupt
        real(path, missing_ok=missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", killed)
        with pytest.raises(KeyboardInterrupt):
            models.forget("starter")
    assert store.rows_path.exists()
    assert models.previous() is None
    assert models.known_to(FAKE_INFO) == Reading("fake", 0, 4)
    models.choose("starter")
    assert names(models) == ("big", "fake")


def test_other_weights_under_the_name_of_a_deleted_model(
    models: LibraryModels, shelf: Shelf, zoo: Zoo
) -> None:
    switched(models, shelf, zoo, "big")
    switched(models, shelf, zoo, "third")
    zoo.models["big"] = replaced = another("big", 5)
    models.let_go("big")
    models.let_go("third")  # it serves: nothing happens
    models.choose("big")
    assert models.serving is replaced


def test_the_engine_follows_the_model(models: LibraryModels, shelf: Shelf, zoo: Zoo) -> None:
    engines = Engines(models)
    first = engines.current()
    models.choose("big")
    assert engines.current() is first
    read(shelf, zoo.models["big"])
    models.settle()
    assert engines.current().search("red").model == "big"
    assert first.search("red").model == "fake"  # one under way
    engines.close()


def test_comparing(models: LibraryModels, shelf: Shelf, zoo: Zoo) -> None:
    with pytest.raises(PhotoClipError, match="Only fake has read the photos"):
        compare(models, "red")
    models.choose("big")
    with pytest.raises(PhotoClipError, match="big has read no photos of this library yet"):
        compare(models, "red")
    read(shelf, zoo.models["big"], all_but=2)
    one, other = compare(models, "red")
    assert (one.reading, other.reading) == (Reading("fake", 4, 4), Reading("big", 2, 4))
    assert (one.found.model, len(one.found), len(other.found)) == ("fake", 4, 2)
    ranks = {int(photo): at for at, photo in enumerate(one.found.ids, 1)}
    assert other.elsewhere.tolist() == [ranks[int(photo)] for photo in other.found.ids]
    assert sorted(one.elsewhere.tolist()) == [0, 0, 1, 2]
    switched(models, shelf, zoo, "big")
    assert [side.found.model for side in compare(models, "-red")] == ["big", "fake"]


def test_a_second_comparison_asks_each_model_for_its_words_alone(
    models: LibraryModels, shelf: Shelf, zoo: Zoo
) -> None:
    switched(models, shelf, zoo, "big")
    engines = Engines(models)
    comparison = Comparison(models, engines.current)
    comparison.look("red")
    told = [zoo.models[name].calls for name in ("starter", "big")]
    for calls in told:
        calls.clear()
    assert [side.found.model for side in comparison.look("blue")] == ["big", "fake"]
    assert told == [[("texts", 1)]] * 2
    switched(models, shelf, zoo, "third")
    one, other = comparison.look("red")
    assert [side.found.model for side in (one, other)] == ["third", "big"]
    assert one.found.ids.tolist() == other.found.ids.tolist()
    listening = len(shelf.catalog._listeners)
    comparison.close()
    engines.close()
    assert len(shelf.catalog._listeners) == listening - 2


def test_a_comparison_sees_vectors_that_were_deleted_and_made_again(
    models: LibraryModels, shelf: Shelf, zoo: Zoo
) -> None:
    switched(models, shelf, zoo, "big")
    engines = Engines(models)
    comparison = Comparison(models, engines.current)
    comparison.look("red")
    models.forget("starter")
    models.choose("starter")  # the same model comes again
    read_again = shelf.library.vectors(zoo.models["big"].info).snapshot()[0][:3]
    hashes = [bytes(key).ljust(16, b"\0") for key in read_again]
    vectors = encode_pictures(np.zeros((3, 16, 16, 3), np.uint8))
    shelf.library.vectors(FAKE_INFO).append(hashes, vectors)
    _, other = comparison.look("red")
    assert (other.reading, len(other.found), other.found.pending) == (Reading("fake", 3, 4), 3, 1)
    comparison.close()
    engines.close()
