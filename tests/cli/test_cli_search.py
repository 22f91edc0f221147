"""`photoclip search`, `similar` and `score`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.cli_helpers import Commands, paint
from tests.library.fakes import COLOURS


def names(document: dict[str, Any]) -> list[str]:
    return [Path(row["path"]).stem for row in document["results"]]


def test_the_document(indexed: Commands) -> None:
    found = indexed.document("search", "red")
    assert set(found) == {"query", "model", "results"}
    assert (found["query"], found["model"]) == ("red", "fake")
    assert len(found["results"]) == len(COLOURS)
    assert names(found)[0] == "red"
    for row in found["results"]:
        assert set(row) == {"path", "score", "cosine", "confident"}
        assert 0 <= row["score"] <= 1
        assert -1.001 <= row["cosine"] <= 1.001
        assert row["confident"] is (row["score"] >= 0.5)
    scores = [row["score"] for row in found["results"]]
    assert scores == sorted(scores, reverse=True)


def test_words_need_no_quotes_and_may_begin_with_a_minus(indexed: Commands) -> None:
    assert indexed.document("search", "blue", "-red")["query"] == "blue -red"
    assert names(indexed.document("search", "-red"))[-1] == "red"
    assert len(indexed.document("search", "-red -blue", "--limit", "3")["results"]) == 3


def test_without_a_query_all_are_listed(indexed: Commands) -> None:
    found = indexed.document("search")
    assert len(found["results"]) == len(COLOURS)
    assert {row["cosine"] for row in found["results"]} == {None}
    assert {row["confident"] for row in found["results"]} == {True}


def test_a_table_for_people(indexed: Commands) -> None:
    lines = indexed.ok("search", "red", "--limit", "2").stdout.splitlines()
    assert len(lines) == 3
    assert "red.png" in lines[1]


def test_where_no_photo_is_found_a_sentence_says_so(indexed: Commands) -> None:
    result = indexed.ok("search", "rating:>=4")
    assert result.stdout == ""
    assert "No photo meets that." in result.stderr
    assert indexed.document("search", "rating:>=4")["results"] == []


def test_a_photo_and_words_together(indexed: Commands, pictures: Path) -> None:
    found = indexed.document("search", "--photo", pictures / "red.png", "blue")
    assert found["results"]
    assert names(found)[0] in {"blue", "purple", "red"}


@pytest.mark.parametrize("query", ["label:Nope", "date:banana", '"open'])
def test_a_wrong_query_is_wrong_use(indexed: Commands, query: str) -> None:
    result = indexed.run("search", query, "--json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.strip()
    assert "Traceback" not in result.stderr


def test_similar_leaves_the_photo_itself_out(indexed: Commands, pictures: Path) -> None:
    found = indexed.document("similar", pictures / "red.png")
    assert set(found) == {"query", "model", "results"}
    assert "red" not in names(found)
    assert len(found["results"]) == len(COLOURS) - 1
    assert set(found["results"][0]) == {"path", "score", "cosine", "confident"}


def test_similar_to_a_picture_outside(indexed: Commands, tmp_path: Path) -> None:
    outside = paint(tmp_path / "elsewhere" / "x.png", "green", (50, 20))
    found = indexed.document("similar", outside, "--limit", "2")
    assert names(found)[0] == "green"
    assert found["results"][0]["score"] > 0.9
    assert len(found["results"]) == 2


def test_similar_to_what_is_no_picture(indexed: Commands, tmp_path: Path) -> None:
    result = indexed.run("similar", tmp_path / "nowhere.png")
    assert result.exit_code == 1
    assert "nowhere.png" in result.stderr


def test_score_needs_no_library(commands: Commands, tmp_path: Path) -> None:
    picture = paint(tmp_path / "x.png", "red")
    found = commands.document("score", picture, "red", "blue")
    assert (found["path"], found["model"]) == (str(picture), "fake")
    assert [row["text"] for row in found["scores"]] == ["red", "blue"]
    assert sum(row["probability"] for row in found["scores"]) == pytest.approx(1, abs=1e-4)
    assert found["scores"][0]["probability"] > 0.9
    assert found["scores"][0]["cosine"] == pytest.approx(1, abs=1e-3)
    assert not commands.folder.exists()
    assert "red" in commands.ok("score", picture, "red", "blue").stdout


def test_score_of_one_text_is_held_against_anything(commands: Commands, tmp_path: Path) -> None:
    picture = paint(tmp_path / "x.png", "red")
    (right,) = commands.document("score", picture, "red")["scores"]
    (wrong,) = commands.document("score", picture, "green")["scores"]
    assert right["probability"] > 0.5 > wrong["probability"]


def test_score_of_a_damaged_picture(commands: Commands, tmp_path: Path) -> None:
    (tmp_path / "x.jpg").write_text("text")
    result = commands.run("score", tmp_path / "x.jpg", "red")
    assert result.exit_code == 1
    assert "text file" in result.stderr
