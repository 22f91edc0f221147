"""A library's change from one model to another, from the terminal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from photoclip.settings import chosen_model
from tests.cli.cli_helpers import MODEL, Commands, paint
from tests.library.fakes import COLOURS, another

COUNT = len(COLOURS)


@pytest.fixture
def two(indexed: Commands) -> Commands:
    """A library that the starter has read, and two other models on this machine."""
    names = ("starter", "big", "third")
    indexed.models = [replace(MODEL, name=name, shipped=name == "starter") for name in names]
    indexed.encoders = {"big": another("big"), "third": another("third", 9)}
    return indexed


def found(commands: Commands, *query: str) -> tuple[str, str]:
    """The model that searched, and the first photo that it found."""
    document = commands.document("search", *query)
    return document["model"], Path(document["results"][0]["path"]).stem


def test_the_model_before_searches_until_index_is_done(two: Commands) -> None:
    line = f"Searching with fake while big reads your photos: 0 of {COUNT}."
    assert two.ok("models", "use", "big").stdout.splitlines() == [
        line, "photoclip index, or the open window, goes on with it.",
    ]  # fmt: skip
    assert found(two, "red") == ("fake", "red")
    for command in (["search", "red"], ["similar", "nowhere.png"]):
        assert line in two.run(*command).stderr
    assert line in two.ok("models").stdout
    (message,) = two.ok("index").stderr.splitlines()
    assert message == "big has read your photos; searches use it from now on."
    assert found(two, "red") == ("big", "red")
    assert two.ok("search", "red").stderr.count("Searching with") == 0


def test_the_document_of_use(two: Commands) -> None:
    assert two.document("models", "use", "big") == {
        "in_use": "big", "serving": "starter", "known": 0, "total": COUNT,
    }  # fmt: skip
    assert two.document("index")["embedded"] == COUNT
    assert two.document("models", "use", "big") == {
        "in_use": "big", "serving": "big", "known": COUNT, "total": COUNT,
    }  # fmt: skip
    assert two.document("models", "use", "starter")["serving"] == "starter"  # at once


def test_undone_at_once(two: Commands, photos: Path) -> None:
    two.ok("models", "use", "big")
    two.ok("index")
    paint(photos / "more" / "red-2.png", "red", (10, 10))
    two.ok("index", photos / "more")
    assert f"it has read {COUNT} of {COUNT + 1} photos" in two.ok("models", "use", "starter").stdout
    assert found(two, "red") == ("fake", "red")
    two.ok("index")
    assert "big is in use; it has read all photos." in two.ok("models", "use", "big").stdout


def test_at_once_where_wanted(two: Commands) -> None:
    assert two.document("models", "use", "big", "--now")["serving"] == "big"
    assert two.document("search", "red")["results"] == []


def test_indexing_one_folder_reads_that_folder(two: Commands, photos: Path) -> None:
    two.ok("models", "use", "big")
    paint(photos / "more" / "red-2.png", "red", (10, 10))
    result = two.ok("index", photos / "more")
    assert f"Searching with fake while big reads your photos: 1 of {COUNT + 1}." in result.stderr
    assert two.document("index")["embedded"] == COUNT


def test_the_model_that_still_searches_is_not_removed(two: Commands) -> None:
    two.ok("models", "use", "big")
    two.ok("index")
    two.ok("models", "use", "third")
    result = two.run("models", "remove", "big")
    assert (result.exit_code, "big goes on searching until third has read" in result.stderr) == (1, True)
    two.ok("index")
    two.ok("models", "remove", "big")


def test_forget(two: Commands) -> None:
    two.ok("models", "use", "big")
    two.ok("index")
    result = two.run("models", "forget", "big")
    assert (result.exit_code, "big is in use" in result.stderr) == (1, True)
    assert two.document("models", "forget", "starter") == {"forgotten": "starter"}
    assert two.document("models", "use", "starter")["serving"] == "big"
    two.ok("models", "use", "big")
    result = two.run("models", "forget", "third")
    assert (result.exit_code, result.stderr) == (1, "third has read no photos of this library.\n")


def test_compare(two: Commands) -> None:
    result = two.run("models", "compare", "red")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "Only fake has read the photos of this library" in result.stderr
    two.ok("models", "use", "big")
    assert "big has read no photos of this library yet" in two.run("models", "compare", "red").stderr
    two.ok("index")
    document = two.document("models", "compare", "red", "-blue")
    assert document["query"] == "red -blue"
    for side, name in zip(document["models"], ("big", "fake"), strict=True):
        assert (side["model"], side["known"], side["total"]) == (name, COUNT, COUNT)
        assert [row["rank"] for row in side["results"]] == list(range(1, COUNT + 1))
        assert Path(side["results"][0]["path"]).stem == "red"
        assert side["results"][0]["elsewhere"] == 1
    limited = two.document("models", "compare", "red", "--limit", "2")
    assert [len(side["results"]) for side in limited["models"]] == [2, 2]


def test_compare_for_people(two: Commands, photos: Path) -> None:
    two.ok("models", "use", "big")
    two.ok("index")
    paint(photos / "more" / "red-2.png", "red", (10, 10))
    two.ok("index", photos / "more")
    result = two.ok("models", "compare", "red", "--limit", "2")
    head, first, second = result.stdout.splitlines()
    assert head.split() == ["rank", "score", "big", "in", "fake", "score", "fake", "in", "big"]
    assert [line.split()[0] for line in (first, second)] == ["1", "2"]
    assert "red.png" in first + second
    assert f"fake has read {COUNT} of {COUNT + 1} photos." in result.stderr


def test_a_chosen_model_that_is_gone_is_said(two: Commands) -> None:
    two.ok("models", "use", "big")
    two.model_error = "There is no model big here."
    assert two.run("search", "red").stderr == "There is no model big here.\n"
    assert "Searching" not in two.ok("models").stdout
    assert chosen_model(two.folder) == "big"


def test_automatic_labels_follow_the_model(two: Commands) -> None:
    two.ok("label", "add", "Red", "--describe", "red")
    two.ok("label", "apply", "Red")
    two.ok("label", "edit", "Red", "--threshold", "1")  # for the next time that it is judged
    two.ok("models", "use", "big")
    assert "Renew automatic labels with big: 2 photos." in two.ok("index").stderr
    assert two.document("label", "list")["labels"][0]["auto"] == 0
    two.ok("undo")
    assert two.document("label", "list")["labels"][0]["auto"] == 2
    assert "Renew" not in two.ok("index").stderr
