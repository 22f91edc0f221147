"""Missing photos are found where a query asks for them, and in their own place, by the vectors they left."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from photoclip.errors import QueryError
from photoclip.library.catalog.albums import create_album
from photoclip.library.catalog.folders import remove_folder
from photoclip.library.catalog.indexing import mark_missing
from photoclip.library.catalog.labels import add_label, label_photos
from photoclip.library.catalog.photos import load_table, rate, together
from photoclip.library.query import And, Filter, Node, Not, Or
from photoclip.library.query.printing import to_text
from photoclip.library.query.tree import conjunction, disjunction, negation
from photoclip.library.search import SearchEngine
from tests.library.search_helpers import Shelf

NAMES = ["red-1.jpg", "red-2.jpg", "green-1.jpg", "trip/blue-1.jpg", "white-1.jpg"]
GONE = ["red-7.jpg", "trip/blue-7.jpg"]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """Two of seven photos are missing; one each of those there and those missing is rated and labelled."""
    shelf = Shelf(tmp_path_factory.mktemp("missing"))
    shelf.add([*NAMES, *GONE])
    some = [shelf.id_of("red-1.jpg"), shelf.id_of("red-7.jpg")]
    rate(shelf.catalog, some, 5)
    kept = add_label(shelf.catalog, "Kept").created
    assert kept is not None
    label_photos(shelf.catalog, kept, some)
    create_album(shelf.catalog, "Trip", [shelf.id_of("trip/blue-7.jpg"), shelf.id_of("white-1.jpg")])
    lost = [
        shelf.catalog.query("SELECT id FROM file WHERE path = ?", (bytes(shelf.photos / n),)) for n in GONE
    ]
    mark_missing(shelf.catalog, [found[0]["id"] for found in lost])
    shelf.taken({name: 1e9 + at for at, name in enumerate([*NAMES, *GONE])})
    yield shelf
    shelf.library.close()


@pytest.fixture(scope="module")
def engine(shelf: Shelf) -> Iterator[SearchEngine]:
    engine = SearchEngine(shelf.library, shelf.encoder)
    yield engine
    engine.close()


FOUND = [
    ("is:missing", {"red-7.jpg", "blue-7.jpg"}),
    ("IS:Missing rating:5", {"red-7.jpg"}),
    ("is:missing label:Kept", {"red-7.jpg"}),
    ("is:missing album:Trip", {"blue-7.jpg"}),
    ("is:missing folder:trip", {"blue-7.jpg"}),
    ('is:missing "blue"', {"blue-7.jpg"}),
    ("is:missing -label:Kept", {"blue-7.jpg"}),
    ("rating:5", {"red-1.jpg"}),
    ("-is:missing rating:5", {"red-1.jpg"}),
    ("-(-is:missing)", {"red-7.jpg", "blue-7.jpg"}),
    ("label:Kept OR is:missing", {"red-1.jpg", "red-7.jpg", "blue-7.jpg"}),
    ("label:Kept OR (is:missing folder:trip)", {"red-1.jpg", "blue-7.jpg"}),
    ("rating:5 (is:missing OR label:Kept)", {"red-1.jpg", "red-7.jpg"}),
    ("is:missing -is:missing", set()),
]


@pytest.mark.parametrize(("text", "names"), FOUND)
def test_missing_photos_are_found_where_they_are_asked_for(
    shelf: Shelf, engine: SearchEngine, text: str, names: set[str]
) -> None:
    found = engine.search(text)
    assert set(shelf.names(found)) == names
    assert found.pending == 0


def test_by_meaning(shelf: Shelf, engine: SearchEngine) -> None:
    found = engine.search("red is:missing")
    assert shelf.names(found) == ["red-7.jpg", "blue-7.jpg"]
    assert found.confident == 1
    both = engine.search("red OR is:missing")
    assert {"red-1.jpg", "red-2.jpg"} < set(shelf.names(both)[: both.confident])
    assert set(shelf.names(engine.search("red"))) == {name.split("/")[-1] for name in NAMES}


def test_in_their_own_place(shelf: Shelf, engine: SearchEngine) -> None:
    assert shelf.names(engine.search("", missing=True)) == ["blue-7.jpg", "red-7.jpg"]  # newest first
    assert shelf.names(engine.search("blue", missing=True)) == ["blue-7.jpg", "red-7.jpg"]
    assert shelf.names(engine.search("rating:5", missing=True)) == ["red-7.jpg"]
    assert shelf.names(engine.search("-label:Kept", missing=True)) == ["blue-7.jpg"]
    assert shelf.names(engine.search("-is:missing", missing=True)) == []
    like = engine.search("", photos=[shelf.id_of("red-1.jpg")], missing=True)
    assert shelf.names(like)[0] == "red-7.jpg"
    within = np.array([shelf.id_of("red-7.jpg"), shelf.id_of("red-1.jpg")])
    assert shelf.names(engine.search("", missing=True, within=within)) == ["red-7.jpg"]


def test_like_a_missing_photo(shelf: Shelf, engine: SearchEngine) -> None:
    found = engine.search("", photos=[shelf.id_of("trip/blue-7.jpg")])
    assert shelf.names(found)[0] == "blue-1.jpg"
    assert "blue-7.jpg" not in shelf.names(found)
    assert shelf.names(engine.search("similar:blue-7 is:missing"))[0] == "blue-7.jpg"
    with pytest.raises(QueryError, match="no photo named blue-7"):
        engine.search("similar:blue-7")


LEAVES = ["is:missing", "rating:5", "label:Kept", "folder:trip"]
TREES = st.recursive(
    st.sampled_from([Filter(*leaf.split(":")) for leaf in LEAVES]),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(conjunction),
        st.lists(inner, min_size=1, max_size=3).map(disjunction),
        inner.map(negation),
    ),
    max_leaves=6,
)


def _branches(node: Node, *, negated: bool = False) -> list[list[tuple[str, bool]]]:
    """The ways to fulfil a tree: each a list of filters and whether they must hold."""
    if isinstance(node, Not):
        return _branches(node.part, negated=not negated)
    if isinstance(node, (And, Or)):
        parts = [_branches(part, negated=negated) for part in node.parts]
        if isinstance(node, Or) != negated:
            return [branch for part in parts for branch in part]
        ways: list[list[tuple[str, bool]]] = [[]]
        for part in parts:
            ways = [[*way, *branch] for way in ways for branch in part]
        return ways
    return [[(to_text(node), not negated)]]


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TREES)
def test_any_tree_equals_its_branches_one_by_one(shelf: Shelf, engine: SearchEngine, tree: Node) -> None:
    """A missing photo is found by a branch in which is:missing must hold, one that is there by any."""
    rated, trip = {"red-1.jpg", "red-7.jpg"}, {"blue-1.jpg", "blue-7.jpg"}
    missing = {"red-7.jpg", "blue-7.jpg"}
    meets = dict(zip(LEAVES, [missing, rated, rated, trip], strict=True))
    expected = {
        name
        for name in (path.split("/")[-1] for path in [*NAMES, *GONE])
        for branch in _branches(tree)
        if all((name in meets[text]) == holds for text, holds in branch)
        and (name not in missing or ("is:missing", True) in branch)
    }
    assert set(shelf.names(engine.search(to_text(tree)))) == expected


def test_two_tables_together_are_newest_first(shelf: Shelf) -> None:
    both = together(load_table(shelf.catalog), load_table(shelf.catalog, missing=True))
    assert shelf.names(both.ids) == [name.split("/")[-1] for name in reversed([*NAMES, *GONE])]
    assert both.hash_of(0) == load_table(shelf.catalog, missing=True).hash_of(0)


def test_what_lies_in_removed_folders_is_not_missing(tmp_path_factory: pytest.TempPathFactory) -> None:
    shelf = Shelf(tmp_path_factory.mktemp("removed"))
    shelf.add(["red-1.jpg"])
    engine = SearchEngine(shelf.library, shelf.encoder)
    remove_folder(shelf.catalog, shelf.folder_id, keep_labels=True)
    assert len(engine.search("is:missing")) == len(engine.search("", missing=True)) == 0
    engine.close()
    shelf.library.close()
