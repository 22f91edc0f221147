"""What files say, in the catalog: kept by file, counted by photo, and never stronger than a person."""

from __future__ import annotations

import dataclasses
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photoclip.library.catalog.changes import redo, undo
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.indexing import mark_missing, record_batch
from photoclip.library.catalog.labels import add_label, delete_label
from photoclip.library.catalog.photos import details, rate
from photoclip.library.catalog.schema import MIGRATIONS
from photoclip.library.catalog.words import (
    FileWords,
    Keyword,
    file_words,
    photos_with_keywords,
    words_of,
)
from photoclip.library.sidecars.described import Described, Region
from tests.library.catalog.catalog_helpers import at, indexed, watch

WORDS = FileWords(
    title="A square",
    description="Two lines\nof words",
    keywords=(Keyword(("Places", "Italy", "Rome")), Keyword(("Café",))),
    rating=3,
    colour_label="Green",
    regions=(Region("Ada", "Face", 0.5, 0.25, 0.1, 0.2),),
    problems=("The sidecar is not well-formed XML.",),
)


def say(catalog: Catalog, folder: int, path: bytes, words: FileWords, content: str = "one") -> int:
    record_batch(catalog, [dataclasses.replace(indexed(path, folder, content), words=words)])
    return at(catalog, path)


def test_what_a_file_says_is_kept_and_replaced(catalog: Catalog, folder: int) -> None:
    photo = say(catalog, folder, b"/p/a.jpg", WORDS)
    assert details(catalog, photo).words == WORDS
    say(catalog, folder, b"/p/a.jpg", FileWords(title="Another"))
    assert details(catalog, photo).words == FileWords(title="Another")
    say(catalog, folder, b"/p/a.jpg", FileWords())
    assert details(catalog, photo).words == FileWords()
    for table in ("words", "file_keyword", "region"):
        assert catalog.query(f"SELECT count(*) FROM {table}")[0][0] == 0


def test_the_best_file_speaks_and_a_forgotten_file_is_silent(catalog: Catalog, folder: int) -> None:
    photo = say(catalog, folder, b"/p/a.jpg", FileWords(title="First", keywords=WORDS.keywords))
    say(catalog, folder, b"/p/copy.jpg", FileWords(title="Copy"))
    assert details(catalog, photo).words.title == "First"
    file = catalog.query("SELECT id FROM file WHERE path = ?", (b"/p/a.jpg",))[0]["id"]
    mark_missing(catalog, [file])  # the copy is there: this file is forgotten, with its words
    assert details(catalog, photo).words == FileWords(title="Copy")
    assert catalog.query("SELECT count(*) FROM file_keyword")[0][0] == 0
    assert catalog.query("PRAGMA foreign_key_check") == []


@pytest.mark.parametrize(
    ("described", "keywords"),
    [
        (Described(keywords=("a", "b")), [("a",), ("b",)]),
        # Lightroom lists all levels flat, digiKam the last one, and top levels in both lists.
        (
            Described(keywords=("Italy", "Places", "Rome"), hierarchies=(("Places", "Italy", "Rome"),)),
            [("Places", "Italy", "Rome")],
        ),
        (Described(keywords=("Rome", "x"), hierarchies=(("It", "Rome"), ("x",))), [("It", "Rome"), ("x",)]),
        (Described(hierarchies=(("It",), ("It", "Rome"))), [("It", "Rome")]),
    ],
)
def test_each_keyword_once_with_its_levels(described: Described, keywords: list[tuple[str, ...]]) -> None:
    assert [keyword.path for keyword in file_words(described, (), b"").keywords] == keywords


def test_what_photoclip_wrote_for_a_label_is_the_labels_word(catalog: Catalog, folder: int) -> None:
    described = Described(keywords=("Beach", "Dog", "Sea"), labels=("Beach",), automatic=("Dog",))
    photo = say(catalog, folder, b"/p/a.jpg", file_words(described, (), b""))
    ids = [row["id"] for row in catalog.query("SELECT id FROM keyword")]

    def shown() -> list[str]:
        return [keyword.path[0] for keyword in details(catalog, photo).words.keywords]

    assert shown() == ["Beach", "Dog", "Sea"]  # a new library, which has no such labels
    label = add_label(catalog, "beach").created
    assert label is not None
    assert shown() == ["Dog", "Sea"]
    beach = catalog.query("SELECT id FROM keyword WHERE path = 'Beach'")[0]["id"]
    assert photos_with_keywords(catalog, [beach]) == []
    assert photos_with_keywords(catalog, ids) == [photo]
    delete_label(catalog, label)
    assert photos_with_keywords(catalog, [beach]) == [photo]


def test_a_files_rating_holds_until_a_person_rates(catalog: Catalog, folder: int) -> None:
    photo = say(catalog, folder, b"/p/a.jpg", FileWords(rating=3))

    def rating() -> int:
        return details(catalog, photo).rating

    assert rating() == 3
    say(catalog, folder, b"/p/a.jpg", FileWords(rating=4))
    assert rating() == 4
    say(catalog, folder, b"/p/a.jpg", FileWords(rating=-1))
    assert (rating(), details(catalog, photo).words.rating) == (0, -1)
    say(catalog, folder, b"/p/a.jpg", FileWords(rating=5))
    rate(catalog, [photo], 2)
    say(catalog, folder, b"/p/a.jpg", FileWords(rating=4))
    assert rating() == 2
    undo(catalog)
    assert rating() == 5
    redo(catalog)
    assert rating() == 2
    undo(catalog)
    say(catalog, folder, b"/p/a.jpg", FileWords(rating=4))
    assert rating() == 4


def test_the_same_stars_and_none_are_a_persons_word_too(catalog: Catalog, folder: int) -> None:
    photo = say(catalog, folder, b"/p/a.jpg", FileWords(rating=3))
    assert rate(catalog, [photo], 3).rows
    assert not rate(catalog, [photo], 3).rows
    say(catalog, folder, b"/p/a.jpg", FileWords(rating=5))
    assert details(catalog, photo).rating == 3
    other = say(catalog, folder, b"/p/b.jpg", FileWords(rating=3), "two")
    rate(catalog, [other], 0)
    say(catalog, folder, b"/p/b.jpg", FileWords(rating=3), "two")
    assert details(catalog, other).rating == 0
    assert not rate(catalog, [other], 0).rows


def test_ratings_of_earlier_versions_are_a_persons(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    with closing(Catalog(path, migrations=MIGRATIONS[:6])) as old, old.write() as connection:
        for number, rating in enumerate((0, 4), 1):
            key = bytes([number]) * 16
            connection.execute(
                "INSERT INTO content(id, hash, bytes, width, height, format, colour)"
                " VALUES(?, ?, 1, 1, 1, 'JPEG', 0)",
                (number, key),
            )
            connection.execute(
                "INSERT INTO photo(id, content_id, added_at, rating, hash) VALUES(?, ?, 0, ?, ?)",
                (number, number, rating, key),
            )
    with closing(Catalog(path)) as catalog:
        assert [row[0] for row in catalog.query("SELECT rated FROM photo ORDER BY id")] == [0, 1]


def test_an_xmp_date_goes_with_the_sidecar_of_the_only_file(catalog: Catalog, folder: int) -> None:
    def date(path: bytes, **facts: object) -> float | None:
        record_batch(catalog, [indexed(path, folder, "one", **facts)])
        return details(catalog, at(catalog, path)).taken_at

    assert date(b"/p/a.jpg", taken_at=5.0, taken_source="xmp") == 5.0
    assert date(b"/p/copy.jpg") == 5.0
    assert date(b"/p/a.jpg") == 5.0  # the copy may have it from its own
    mark_missing(catalog, [catalog.query("SELECT id FROM file WHERE path = ?", (b"/p/copy.jpg",))[0]["id"]])
    assert date(b"/p/a.jpg") is None


TEXTS = st.none() | st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=8)


@settings(max_examples=30)
@given(
    TEXTS,
    st.lists(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=3).map(tuple), max_size=5),
    st.lists(st.sampled_from(["a", "b", "Straße", "A"]), max_size=4),
)
def test_any_words_come_back(
    tmp_path_factory: pytest.TempPathFactory,
    title: str | None,
    paths: list[tuple[str, ...]],
    flat: list[str],
) -> None:
    described = Described(title=title, keywords=tuple(dict.fromkeys(flat)), hierarchies=tuple(set(paths)))
    words = file_words(described, (), b"")
    with closing(Catalog(tmp_path_factory.mktemp("words") / "catalog.sqlite")) as catalog:
        folder = watch(catalog, tmp_path_factory.mktemp("p"))
        say(catalog, folder, b"/p/a.jpg", words)
        assert words_of(catalog, 1) == words
    levels = {level for keyword in words.keywords for level in keyword.path}
    assert levels == {*flat, *(level for path in paths for level in path)}
