"""Live albums: a saved query, with photos pinned in and kept out, asked for by other queries."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from photoclip.errors import PhotoClipError, QueryError
from photoclip.library import labelling
from photoclip.library.catalog.albums import (
    add_to_album,
    change_query,
    create_album,
    delete_album,
    remove_from_album,
    rename_album,
    save_live_album,
)
from photoclip.library.catalog.changes import undo
from photoclip.library.catalog.indexing import mark_missing
from photoclip.library.catalog.labels import add_label, labelled
from photoclip.library.catalog.photos import rate
from photoclip.library.live_albums import DEEPEST
from photoclip.library.search import SearchEngine
from tests.library.search_helpers import Shelf

NAMES = ["red-1.jpg", "red-2.jpg", "green-1.jpg", "trip/blue-1.jpg", "white-1.jpg"]


@pytest.fixture
def engine(shelf: Shelf) -> Iterator[SearchEngine]:
    shelf.add(NAMES)
    engine = SearchEngine(shelf.library, shelf.encoder)
    yield engine
    engine.close()


def save(shelf: Shelf, name: str, query: str) -> int:
    created = save_live_album(shelf.catalog, name, query).created
    assert created is not None
    return created


def inside(shelf: Shelf, engine: SearchEngine, album: int) -> list[str]:
    return shelf.names(engine.album(album).ids)


def found(shelf: Shelf, engine: SearchEngine, text: str) -> set[str]:
    return set(shelf.names(engine.search(text)))


def test_of_a_meaning_an_album_holds_the_confident_matches(shelf: Shelf, engine: SearchEngine) -> None:
    red = save(shelf, "Red ones", "red")
    shown = engine.album(red)
    matches = engine.search("red")
    assert shown.ids.tolist() == matches.ids[: matches.confident].tolist()
    assert set(shelf.names(shown.ids)) == {"red-1.jpg", "red-2.jpg"}
    assert shown.ranked
    shelf.add(["red-3.jpg"])
    assert "red-3.jpg" in inside(shelf, engine, red)


def test_of_filters_it_holds_all_newest_first_without_the_model(shelf: Shelf, engine: SearchEngine) -> None:
    best = save(shelf, "Best", "rating:>=4")
    assert inside(shelf, engine, best) == []
    rate(shelf.catalog, [shelf.id_of(name) for name in NAMES[:3]], 5)
    shelf.taken({"red-2.jpg": 3e9, "green-1.jpg": 2e9, "red-1.jpg": 1e9})
    shown = engine.album(best)
    assert shelf.names(shown.ids) == ["red-2.jpg", "green-1.jpg", "red-1.jpg"]
    assert not shown.ranked
    assert shelf.encoder.calls == []


def test_pinned_in_and_kept_out(shelf: Shelf, engine: SearchEngine) -> None:
    red = save(shelf, "Red ones", "red")
    one, white = shelf.id_of("red-1.jpg"), shelf.id_of("white-1.jpg")
    remove_from_album(shelf.catalog, red, [one])
    add_to_album(shelf.catalog, red, [white])
    assert inside(shelf, engine, red) == ["red-2.jpg", "white-1.jpg"]
    assert found(shelf, engine, 'album:"red ones"') == {"red-2.jpg", "white-1.jpg"}
    change_query(shelf.catalog, red, "blue")
    assert inside(shelf, engine, red) == ["blue-1.jpg", "white-1.jpg"]
    for expected in (["red-2.jpg", "white-1.jpg"], ["red-2.jpg"], ["red-1.jpg", "red-2.jpg"]):
        undo(shelf.catalog)
        assert sorted(inside(shelf, engine, red)) == expected
    remove_from_album(shelf.catalog, red, [one])
    add_to_album(shelf.catalog, red, [one])  # no longer kept out, and pinned
    assert set(inside(shelf, engine, red)) == {"red-1.jpg", "red-2.jpg"}
    remove_from_album(shelf.catalog, red, [one, white])
    assert inside(shelf, engine, red) == ["red-2.jpg"]


def test_what_is_pinned_into_filters_stands_where_its_date_says(shelf: Shelf, engine: SearchEngine) -> None:
    best = save(shelf, "Best", "rating:5")
    rate(shelf.catalog, [shelf.id_of("red-1.jpg"), shelf.id_of("green-1.jpg")], 5)
    shelf.taken({"red-1.jpg": 3e9, "white-1.jpg": 2e9, "green-1.jpg": 1e9})
    add_to_album(shelf.catalog, best, [shelf.id_of("white-1.jpg")])
    assert inside(shelf, engine, best) == ["red-1.jpg", "white-1.jpg", "green-1.jpg"]


COMPOSED = [
    ("album:Reds", {"red-1.jpg", "red-2.jpg"}),
    ("-album:Reds", {"green-1.jpg", "blue-1.jpg", "white-1.jpg"}),
    ("album:Reds OR album:Trip", {"red-1.jpg", "red-2.jpg", "blue-1.jpg"}),
    ("album:Nested", {"red-1.jpg", "red-2.jpg", "white-1.jpg"}),
    ("-(album:Nested OR folder:trip)", {"green-1.jpg"}),
    ("album:Nested -album:Reds", {"white-1.jpg"}),
    ("album:Reds album:Hand", {"red-2.jpg"}),
]


@pytest.mark.parametrize(("text", "names"), COMPOSED)
def test_asked_for_like_any_album(shelf: Shelf, engine: SearchEngine, text: str, names: set[str]) -> None:
    save(shelf, "Reds", "red")
    save(shelf, "Trip", "folder:trip")
    create_album(shelf.catalog, "Hand", [shelf.id_of("white-1.jpg"), shelf.id_of("red-2.jpg")])
    save(shelf, "Nested", "album:reds OR album:hand")
    assert found(shelf, engine, text) == names


def test_beside_a_meaning(shelf: Shelf, engine: SearchEngine) -> None:
    save(shelf, "Coloured", "red OR blue")
    names = shelf.names(engine.search("blue album:Coloured"))
    assert names[0] == "blue-1.jpg"
    assert set(names) == {"red-1.jpg", "red-2.jpg", "blue-1.jpg"}


def test_each_is_looked_up_once(shelf: Shelf, engine: SearchEngine) -> None:
    """Sixteen albums, of which each asks twice for the next, are not looked up 65,536 times."""
    save(shelf, "Live 0", "rating:0")
    for at in range(1, 17):
        save(shelf, f"Live {at}", f'album:"Live {at - 1}" OR (album:"Live {at - 1}" is:favourite)')
    assert len(engine.search('album:"Live 16"')) == len(NAMES)


def test_circles_are_refused_by_name(shelf: Shelf, engine: SearchEngine) -> None:
    one = save(shelf, "One", "rating:5")
    save(shelf, "Two", "album:One OR rating:4")
    save(shelf, "Three", "-album:two")
    with pytest.raises(PhotoClipError, match="live albums One, Three, Two ask for each other in a circle"):
        change_query(shelf.catalog, one, "a OR (b album:THREE)")
    with pytest.raises(PhotoClipError, match="The live album Self asks for itself"):
        save_live_album(shelf.catalog, "Self", "album:self")
    late = save(shelf, "Late", "album:later")
    with pytest.raises(PhotoClipError, match="The live album later asks for itself"):
        rename_album(shelf.catalog, late, "later")
    assert found(shelf, engine, "album:Two") == set()


def test_a_circle_that_came_about_is_refused(shelf: Shelf, engine: SearchEngine) -> None:
    one = save(shelf, "One", "rating:5")
    save(shelf, "Two", "album:One")
    with shelf.catalog.write() as connection:  # as if another version had let it pass
        connection.execute("UPDATE album SET query = 'dog album:Two' WHERE id = ?", (one,))
    sentence = "The live albums One, Two ask for each other in a circle"
    with pytest.raises(QueryError, match=sentence) as caught:
        engine.search("snow album:One")
    assert (caught.value.position, bool(caught.value.expected)) == (5, True)
    with pytest.raises(PhotoClipError, match=sentence) as shown:
        engine.album(one)
    assert not isinstance(shown.value, QueryError)  # nothing was typed


def test_albums_that_are_gone_or_renamed_are_told_of(shelf: Shelf, engine: SearchEngine) -> None:
    reds = save(shelf, "Reds", "red")
    nested = save(shelf, "Nested", "rating:0 album:Reds")
    rename_album(shelf.catalog, reds, "Redds")
    sentence = (
        r"The live album Nested cannot be looked up: There is no album named Reds. Did you mean Redds\?"
    )
    with pytest.raises(QueryError, match=sentence) as caught:
        engine.search("a OR (b album:nested)")
    assert caught.value.position == 8
    with pytest.raises(PhotoClipError, match=sentence):
        engine.album(nested)
    undo(shelf.catalog)
    assert len(inside(shelf, engine, nested)) == 2
    delete_album(shelf.catalog, reds)
    with pytest.raises(QueryError, match="There is no album named Reds") as caught:
        engine.search("album:Nested")
    assert caught.value.position == 0
    with pytest.raises(PhotoClipError, match="not there any more"):
        engine.album(reds)


def test_endless_nesting_is_refused(shelf: Shelf, engine: SearchEngine) -> None:
    save(shelf, "Live 0", "rating:0")
    for at in range(1, DEEPEST + 1):
        save(shelf, f"Live {at}", f'album:"Live {at - 1}"')
    assert len(engine.search(f'album:"Live {DEEPEST - 1}"')) == len(NAMES)
    with pytest.raises(QueryError, match=f"and so on for {DEEPEST} live albums"):
        engine.search(f'album:"Live {DEEPEST}"')


def test_missing_photos_only_where_they_are_asked_for(shelf: Shelf, engine: SearchEngine) -> None:
    lost = save(shelf, "Lost", "is:missing")
    zero = save(shelf, "Zero", "rating:0")
    gone = shelf.catalog.query("SELECT id FROM file WHERE path = ?", (bytes(shelf.photos / "red-1.jpg"),))
    mark_missing(shelf.catalog, [gone[0]["id"]])
    assert inside(shelf, engine, lost) == ["red-1.jpg"]
    assert engine.album(lost).missing
    assert "red-1.jpg" not in inside(shelf, engine, zero)
    assert found(shelf, engine, "album:Lost") == set()  # as of an album made by hand
    assert found(shelf, engine, "album:Lost is:missing") == {"red-1.jpg"}


def test_an_exact_word_finds_what_is_pinned(shelf: Shelf, engine: SearchEngine) -> None:
    red = save(shelf, "Winter", '"winter" OR red')
    assert found(shelf, engine, '"winter"') == set()
    add_to_album(shelf.catalog, red, [shelf.id_of("white-1.jpg")])
    assert found(shelf, engine, '"winter"') == {"white-1.jpg"}


def test_labels_are_put_on_what_a_live_album_holds_now(shelf: Shelf, engine: SearchEngine) -> None:
    red = save(shelf, "Reds", "red")
    label = add_label(shelf.catalog, "Red", ["red"], 0.1).created
    assert label is not None
    labelling.auto_tag_album(engine, red)
    assert set(shelf.names(labelled(shelf.catalog, label))) == {"red-1.jpg", "red-2.jpg"}
