"""Every filter finds what a slow look at each photo finds."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photoclip.errors import QueryError
from photoclip.library.catalog.albums import create_album
from photoclip.library.catalog.indexing import IndexedPhoto, mark_missing, record_batch
from photoclip.library.catalog.labels import add_label
from photoclip.library.catalog.photos import PhotoDetails, details, load_table, rate, set_favourite
from photoclip.library.catalog.tags import label_photos, reject_photos
from photoclip.library.catalog.words import FileWords, Keyword
from photoclip.library.locating import name_places
from photoclip.library.query import And, Exact, Filter, Node, Not, Or
from photoclip.library.query.printing import to_text
from photoclip.library.query.tree import conjunction, disjunction, negation
from photoclip.library.search import SearchEngine
from tests.library.catalog.catalog_helpers import indexed
from tests.library.search_helpers import Shelf

TODAY = date(2024, 1, 17)
PARIS, FIJI = (48.8566, 2.3522), (-17.7, 179.99)
# Name, then what differs from a plain JPEG of 1000 bytes and 40 x 30 pixels.
PHOTOS: dict[str, dict[str, Any]] = {
    "a.jpg": {"camera": "Fujifilm X100V", "lens": "23 mm", "latitude": PARIS[0], "longitude": PARIS[1]},
    "b.jpg": {
        "camera": "FUJIFILM X-T3",
        "size": 12_000_000,
        "width": 6000,
        "height": 4000,
        "words": FileWords(
            "Das Schloß", "Seen from Rome", (Keyword(("Places", "Italy", "Rome")), Keyword(("Sea",)))
        ),
    },
    "trip/c.heic": {"format": "HEIF", "latitude": 48.9, "longitude": 2.3, "size": 10_000_000},
    "trip/d.png": {"format": "PNG", "camera": "Straße 1", "width": 4000, "height": 3000},
    "trip/Rome/e.cr2": {"format": "CR2", "latitude": FIJI[0], "longitude": FIJI[1]},
    "f.mp4": {
        "format": "MP4",
        "latitude": -17.7,
        "longitude": -179.99,
        "words": FileWords(
            keywords=(
                Keyword(("Pets",), written=True),
                Keyword(("Beach",), written=True),
                Keyword(("Italy",)),
            )
        ),
    },
    "g.jpg": {"lens": "XF 35mm F2", "size": 500_000, "latitude": 89.99, "longitude": 90.0},
    "gone.jpg": {
        "camera": "Lost",
        "latitude": PARIS[0],
        "longitude": PARIS[1],
        "words": FileWords("Lost in Rome", keywords=(Keyword(("Lost",)),)),
    },
}


@dataclasses.dataclass
class Bench:
    """A library without vectors, an engine on it, and all that is known of its photos."""

    engine: SearchEngine
    photos: list[PhotoDetails]

    def found(self, text: str) -> set[str]:
        return self.names(set(self.engine.search(text).ids.tolist()))

    def names(self, ids: set[int]) -> set[str]:
        return {photo.name.decode() for photo in self.photos if photo.id in ids}

    def meeting(self, holds: Callable[[PhotoDetails], bool]) -> set[str]:
        return {photo.name.decode() for photo in self.photos if holds(photo)}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    shelf = Shelf(tmp_path_factory.mktemp("bench"))
    record_batch(shelf.catalog, [_photo(shelf, name, facts) for name, facts in PHOTOS.items()])
    shelf.taken({name: datetime(2023, 1 + at, 15, tzinfo=UTC).timestamp() for at, name in enumerate(PHOTOS)})
    of = {name: shelf.id_of(name) for name in PHOTOS}
    for rating, name in enumerate(list(PHOTOS)[:6]):
        rate(shelf.catalog, [of[name]], rating)
    set_favourite(shelf.catalog, [of["b.jpg"], of["f.mp4"], of["gone.jpg"]], True)
    pets = add_label(shelf.catalog, "Pets").created
    assert pets is not None
    label_photos(shelf.catalog, pets, [of["a.jpg"], of["g.jpg"]])
    reject_photos(shelf.catalog, pets, [of["b.jpg"]])
    create_album(shelf.catalog, "Rome 2023", [of["trip/d.png"], of["a.jpg"]])
    assert {photo for batch in name_places(shelf.catalog, Event()) for photo in batch} == {
        of[name] for name, facts in PHOTOS.items() if "latitude" in facts
    }
    lost = shelf.catalog.query("SELECT id FROM file WHERE photo_id = ?", (of["gone.jpg"],))
    mark_missing(shelf.catalog, [lost[0]["id"]])
    engine = SearchEngine(shelf.library, shelf.encoder, today=lambda: TODAY)
    yield Bench(engine, [details(shelf.catalog, photo) for photo in load_table(shelf.catalog).ids.tolist()])
    engine.close()
    assert shelf.encoder.calls == []  # filters alone never ask the model
    shelf.library.close()


def _photo(shelf: Shelf, name: str, facts: dict[str, Any]) -> IndexedPhoto:
    return dataclasses.replace(indexed(bytes(shelf.photos / name), shelf.folder_id, name), **facts)


def _contains(part: str) -> Callable[[str | None], bool]:
    return lambda text: text is not None and part.casefold() in text.casefold()


def _keyword(level: str) -> Callable[[PhotoDetails], bool]:
    return lambda photo: any(level in map(str.casefold, each.path) for each in photo.words.keywords)


def _says(part: str) -> Callable[[PhotoDetails], bool]:
    def holds(photo: PhotoDetails) -> bool:
        levels = [level for keyword in photo.words.keywords for level in keyword.path]
        return any(_contains(part)(text) for text in (photo.words.title, photo.words.description, *levels))

    return holds


def _angle(photo: PhotoDetails, place: tuple[float, float]) -> float:
    """Kilometres between a photo and a place by the law of cosines; infinite without a position."""
    if photo.latitude is None or photo.longitude is None:
        return math.inf
    one, two = math.radians(photo.latitude), math.radians(place[0])
    across = math.radians(photo.longitude - place[1])
    cosine = math.sin(one) * math.sin(two) + math.cos(one) * math.cos(two) * math.cos(across)
    return 6371.0088 * math.acos(min(1.0, max(-1.0, cosine)))


def _near(photo: PhotoDetails, place: tuple[float, float], km: float) -> bool:
    return _angle(photo, place) <= km


def _month(photo: PhotoDetails) -> int:
    return list(PHOTOS).index(next(name for name in PHOTOS if Path(name).name == photo.name.decode())) + 1


REFERENCES: dict[str, Callable[[PhotoDetails], bool]] = {
    "label:Pets": lambda p: any(label.verdict == 1 for label in p.labels),
    'album:"rome 2023"': lambda p: any(name == "Rome 2023" for _, name in p.albums),
    "folder:trip": lambda p: b"/trip/" in (p.path or b""),
    "date:2023-02..2023-04": lambda p: 2 <= _month(p) <= 4,
    "date:>2023-03": lambda p: _month(p) > 3,
    'date:"9 months ago"': lambda p: _month(p) == 4,
    '"rome"': lambda p: (
        any("Rome" in name for _, name in p.albums) or b"rome" in p.name.lower() or _says("rome")(p)
    ),
    '"pets"': lambda p: any(label.verdict == 1 for label in p.labels),
    '"bea"': lambda p: _says("bea")(p),
    "keyword:ROME": lambda p: _keyword("rome")(p),
    "keyword:italy": lambda p: _keyword("italy")(p),
    'keyword:"places | Italy|rome"': lambda p: _keyword("rome")(p),
    "keyword:beach": lambda p: _keyword("beach")(p),
    "title:SCHLOSS": lambda p: "schloss" in (p.words.title or "").casefold(),
    "title:rome": lambda p: False,
    "camera:fujifilm": lambda p: _contains("fujifilm")(p.camera),
    "camera:STRASSE": lambda p: _contains("straße")(p.camera),
    'lens:"35MM f2"': lambda p: _contains("35mm f2")(p.lens),
    "rating:0": lambda p: p.rating == 0,
    "rating:>=4": lambda p: p.rating >= 4,
    "rating:<2": lambda p: p.rating < 2,
    "rating:2..3": lambda p: 2 <= p.rating <= 3,
    "rating:..3": lambda p: p.rating <= 3,
    "is:favourite": lambda p: p.favourite,
    "is:favorite": lambda p: p.favourite,
    "is:unlabelled": lambda p: not any(label.verdict == 1 for label in p.labels),
    "is:raw": lambda p: p.format == "CR2",
    "is:video": lambda p: p.format == "MP4",
    "type:jpg": lambda p: p.format == "JPEG",
    "type:.HEIC": lambda p: p.format == "HEIF",
    "type:gif": lambda p: False,
    "size:>10MB": lambda p: p.bytes > 10_000_000,
    "size:>=10mb": lambda p: p.bytes >= 10_000_000,
    "size:<=0.5MB": lambda p: p.bytes <= 500_000,
    "size:500KB..0.01GB": lambda p: 500_000 <= p.bytes <= 10_000_000,
    "size:>=12MP": lambda p: p.width * p.height >= 12_000_000,
    "size:..11.9MP": lambda p: p.width * p.height <= 11_900_000,
    "place:FRANCE": lambda p: _near(p, PARIS, 20),
    "place:paris": lambda p: _near(p, PARIS, 20),
    'place:"ile de france, fra"': lambda p: _near(p, PARIS, 20),
    "place:fiji": lambda p: _near(p, FIJI, 20),
    "near:paris": lambda p: _angle(p, (48.85341, 2.3488)) <= 5,
    'near:"Paris, France, 7.5"': lambda p: _angle(p, (48.85341, 2.3488)) <= 7.5,
    'near:"Levuka,83"': lambda p: _angle(p, (-18.06667, 179.31667)) <= 83,
    "near:48.8566,2.3522": lambda p: _angle(p, PARIS) <= 5,
    "near:48.8566,2.3522,7": lambda p: _angle(p, PARIS) <= 7,
    "near:-17.7,180,3": lambda p: _angle(p, (-17.7, 180.0)) <= 3,
    "near:90,0,2": lambda p: _angle(p, (90.0, 0.0)) <= 2,
    'near:"0, 0, 30000"': lambda p: _angle(p, (0.0, 0.0)) < math.inf,
}


@pytest.mark.parametrize("text", list(REFERENCES))
def test_a_filter_equals_a_slow_look(bench: Bench, text: str) -> None:
    expected = bench.meeting(REFERENCES[text])
    assert bench.found(text) == expected
    assert bench.found(f"-({text})") == bench.names({p.id for p in bench.photos}) - expected
    assert expected or text in ("type:gif", "title:rome"), "the reference finds nothing: it proves nothing"


def _leaf(text: str) -> Node:
    if text.startswith('"'):
        return Exact(text.strip('"'))
    field, _, value = text.partition(":")
    return Filter(field, value.strip('"'))


LEAVES = {_leaf(text): holds for text, holds in REFERENCES.items()}
TREES = st.recursive(
    st.sampled_from(list(LEAVES)),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map(conjunction),
        st.lists(inner, min_size=1, max_size=4).map(disjunction),
        inner.map(negation),
    ),
    max_leaves=8,
)


def _holds(node: Node, photo: PhotoDetails) -> bool:
    if isinstance(node, And):
        return all(_holds(part, photo) for part in node.parts)
    if isinstance(node, Or):
        return any(_holds(part, photo) for part in node.parts)
    if isinstance(node, Not):
        return not _holds(node.part, photo)
    return LEAVES[node](photo)


@settings(deadline=None, max_examples=60)
@given(TREES)
def test_any_combination_equals_a_slow_look(bench: Bench, tree: Node) -> None:
    assert bench.found(to_text(tree)) == bench.meeting(lambda photo: _holds(tree, photo))


@settings(deadline=None, max_examples=60)
@given(st.floats(-90, 90), st.floats(-180, 180), st.floats(0.1, 20_000))
def test_any_circle_equals_a_slow_look(bench: Bench, latitude: float, longitude: float, km: float) -> None:
    text = f"near:{latitude:.6f},{longitude:.6f},{km:.3f}"
    place, reach = (float(f"{latitude:.6f}"), float(f"{longitude:.6f}")), float(f"{km:.3f}")
    edge = [p for p in bench.photos if abs(_angle(p, place) - reach) < 0.01]  # where two formulas may differ
    expected = bench.meeting(lambda photo: _angle(photo, place) <= reach)
    unsure = bench.names({photo.id for photo in edge})
    assert bench.found(text) - unsure == expected - unsure


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("camera:X100W", 0, "Did you mean Fujifilm X100V?"),
        ("snow camera:Nothing", 5, "No photo was taken with a camera named Nothing"),
        ("(a OR lens:Zeiss)", 6, "There is 23 mm, XF 35mm F2."),
        ("label:Pats", 0, "Did you mean Pets?"),
        ("sea keyword:Italia", 4, "Did you mean Italy?"),
        ("keyword:Lost", 0, "No photo has the keyword Lost."),
        ("keyword:Rome|Italy", 0, "No photo has the keyword Rome|Italy."),
        ("sea place:Parys", 4, "Did you mean Paris?"),
        ("place:Lost", 0, "No photo was taken in a place named Lost"),
        ("sea near:Lissabon", 4, "Did you mean Lisbon"),
        ("near:Lisbonn", 0, "Did you mean Lisbon"),
        ("near:Portugal", 0, "photos from there are found by “place:Portugal”."),
        ('near:"Lisbon, France"', 0, "There is no town named Lisbon, France."),
        ("keyword:Pets", 0, "No photo has the keyword Pets."),
        ("a OR (b -label:Pats)", 9, "Did you mean Pets?"),
    ],
)
def test_what_the_library_does_not_have(bench: Bench, text: str, position: int, words: str) -> None:
    with pytest.raises(QueryError) as caught:
        bench.engine.search(text)
    assert caught.value.position == position
    assert words in str(caught.value)
    assert caught.value.expected


def test_the_same_filter_is_asked_once_and_stays_as_it_was(bench: Bench) -> None:
    twice = bench.engine.search("rating:>=4 OR rating:>=4 -is:favourite")
    assert bench.names(set(twice.ids.tolist())) == bench.found("rating:>=4")
