"""Labels put on photos by what is in them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from photoclip.errors import PhotoClipError
from photoclip.library import labelling
from photoclip.library.catalog.albums import create_album
from photoclip.library.catalog.arrivals import arrivals
from photoclip.library.catalog.changes import redo, undo
from photoclip.library.catalog.labels import (
    add_label,
    delete_label,
    edit_label,
    label_photos,
    labelled,
    reject_photos,
)
from photoclip.library.labelling import Scope
from photoclip.library.search import SearchEngine
from tests.library.search_helpers import Shelf

ALL = Scope("all")


@pytest.fixture
def engine(shelf: Shelf) -> Iterator[SearchEngine]:
    shelf.add(["red-1.jpg", "red-2.jpg", "green-1.jpg", "blue-1.jpg", "yellow-1.jpg"])
    engine = SearchEngine(shelf.library, shelf.encoder)
    yield engine
    engine.close()


@pytest.fixture
def red(shelf: Shelf) -> int:
    created = add_label(shelf.catalog, "Red", ["red"]).created
    assert created is not None
    return created


def test_a_preview_tells_what_would_happen_and_does_nothing(
    shelf: Shelf, engine: SearchEngine, red: int
) -> None:
    seen = labelling.preview(engine, ["red"], 0.5, ALL, red)
    assert seen.count == 2
    assert seen.already == 0
    assert set(shelf.names(seen.ids[:2])) == {"red-1.jpg", "red-2.jpg"}
    assert (np.diff(seen.scores) <= 0).all()
    assert seen.histogram.sum() == len(seen.ids) == 5
    assert len(seen.histogram) == labelling.HISTOGRAM_BINS
    assert seen.just_above.tolist() == seen.ids[:2][::-1].tolist()
    assert seen.just_below.tolist() == seen.ids[2:].tolist()
    assert len(labelled(shelf.catalog, red)) == 0


def test_applying_tags_what_the_preview_said_and_is_undone(
    shelf: Shelf, engine: SearchEngine, red: int
) -> None:
    labelling.apply(engine, red, ALL)
    assert set(shelf.names(labelled(shelf.catalog, red))) == {"red-1.jpg", "red-2.jpg"}
    assert labelling.preview(engine, ["red"], 0.5, ALL, red).already == 2
    undo(shelf.catalog)
    assert len(labelled(shelf.catalog, red)) == 0
    redo(shelf.catalog)
    assert len(labelled(shelf.catalog, red)) == 2


def test_a_persons_word_wins(shelf: Shelf, engine: SearchEngine, red: int) -> None:
    reject_photos(shelf.catalog, red, [shelf.id_of("red-1.jpg")])
    label_photos(shelf.catalog, red, [shelf.id_of("green-1.jpg")])
    assert labelling.preview(engine, ["red"], 0.5, ALL, red).count == 1
    labelling.apply(engine, red, ALL)
    assert set(shelf.names(labelled(shelf.catalog, red))) == {"red-2.jpg", "green-1.jpg"}


def test_applying_again_takes_off_what_no_longer_fits(shelf: Shelf, engine: SearchEngine, red: int) -> None:
    labelling.apply(engine, red, ALL)
    edit_label(shelf.catalog, red, descriptions=["green"])
    labelling.apply(
        engine, red, Scope("photos", photos=(shelf.id_of("red-1.jpg"), shelf.id_of("green-1.jpg")))
    )
    assert set(shelf.names(labelled(shelf.catalog, red))) == {"red-2.jpg", "green-1.jpg"}


def test_any_description_counts(shelf: Shelf, engine: SearchEngine) -> None:
    seen = labelling.preview(engine, ["red", "blue"], 0.5, ALL)
    assert set(shelf.names(seen.ids[: seen.count])) >= {"red-1.jpg", "red-2.jpg", "blue-1.jpg"}
    assert "green-1.jpg" not in shelf.names(seen.ids[: seen.count])


def test_without_descriptions_the_name_is_looked_for(shelf: Shelf, engine: SearchEngine) -> None:
    label = add_label(shelf.catalog, "blue").created
    assert label is not None
    assert shelf.names(labelling.preview(engine, [], 0.5, ALL, label).ids)[0] == "blue-1.jpg"
    labelling.apply(engine, label, ALL)
    assert shelf.names(labelled(shelf.catalog, label)) == ["blue-1.jpg"]


def test_nothing_to_look_for_previews_nothing(engine: SearchEngine) -> None:
    seen = labelling.preview(engine, [], 0.5, ALL)
    assert (len(seen.ids), seen.count, seen.histogram.sum()) == (0, 0, 0)


def test_scopes(shelf: Shelf, engine: SearchEngine, red: int) -> None:
    album = create_album(shelf.catalog, "Some", [shelf.id_of("red-1.jpg"), shelf.id_of("blue-1.jpg")]).created
    count = len(labelling.preview(engine, ["red"], 0.5, Scope("folder", shelf.folder_id)).ids)
    assert count == 5
    labelling.apply(engine, red, Scope("album", album))
    assert shelf.names(labelled(shelf.catalog, red)) == ["red-1.jpg"]


def test_an_album_is_tagged_in_one_step(shelf: Shelf, engine: SearchEngine, red: int) -> None:
    album = create_album(shelf.catalog, "Some", [shelf.id_of("red-1.jpg"), shelf.id_of("blue-1.jpg")]).created
    blue = add_label(shelf.catalog, "Blue", ["blue"]).created
    assert album is not None
    assert blue is not None
    labelling.auto_tag_album(engine, album)
    assert shelf.names(labelled(shelf.catalog, red)) == ["red-1.jpg"]
    assert shelf.names(labelled(shelf.catalog, blue)) == ["blue-1.jpg"]
    undo(shelf.catalog)
    assert len(labelled(shelf.catalog, red)) == len(labelled(shelf.catalog, blue)) == 0
    labelling.auto_tag_album(engine, album, [blue])
    assert len(labelled(shelf.catalog, red)) == 0


def test_kept_labels_are_applied_to_arrivals_only(shelf: Shelf, engine: SearchEngine, red: int) -> None:
    edit_label(shelf.catalog, red, keep_applied=True)
    new = shelf.add(["red-7.jpg", "green-7.jpg"])
    changes = labelling.apply_kept(engine, frozenset(new.values()))
    assert shelf.names(labelled(shelf.catalog, red)) == ["red-7.jpg"]
    assert [change.undoable for change in changes] == [False]
    assert arrivals(shelf.catalog).keys().isdisjoint(new.values())
    assert len(arrivals(shelf.catalog)) == 5  # those that were there before, of which nobody told


def test_without_kept_labels_the_model_is_not_asked(shelf: Shelf, engine: SearchEngine, red: int) -> None:
    assert labelling.apply_kept(engine, [shelf.id_of("red-1.jpg")]) == []
    assert shelf.encoder.calls == []


def test_what_was_deleted_is_said(shelf: Shelf, engine: SearchEngine, red: int) -> None:
    delete_label(shelf.catalog, red)
    with pytest.raises(PhotoClipError, match="label"):
        labelling.apply(engine, red, ALL)
    with pytest.raises(PhotoClipError, match="album"):
        labelling.auto_tag_album(engine, 99)
