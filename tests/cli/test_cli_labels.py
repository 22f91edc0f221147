"""`photoclip label`, `album`, `undo` and `redo`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.cli.cli_helpers import Commands, paint
from tests.library.fakes import COLOURS


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [Path(row["path"]).stem for row in rows]


def test_a_label_from_first_to_last(indexed: Commands) -> None:
    made = indexed.document("label", "add", "Warm", "--describe", "red", "--describe", "orange")
    assert made == {
        "label": {
            "name": "Warm", "descriptions": ["red", "orange"], "threshold": 0.5, "keep_applied": False,
            "human": 0, "auto": 0,
        }
    }  # fmt: skip
    seen = indexed.document("label", "preview", "warm")
    assert set(seen) == {"label", "threshold", "count", "already", "histogram", "results"}
    assert set(names(seen["results"][:2])) == {"red", "orange"}
    assert [row["above"] for row in seen["results"]] == [rank < seen["count"] for rank in range(len(COLOURS))]
    assert sum(seen["histogram"]) == len(COLOURS)
    assert seen["already"] == 0
    done = indexed.document("label", "apply", "Warm")
    assert done == {"label": "Warm", "added": seen["count"], "removed": 0, "tagged": seen["count"]}
    (listed,) = indexed.document("label", "list")["labels"]
    assert listed["auto"] == seen["count"]
    assert len(indexed.document("search", "label:Warm")["results"]) == seen["count"]
    assert indexed.document("label", "remove", "Warm")["label"]["auto"] == seen["count"]
    assert indexed.document("label", "list") == {"labels": []}
    assert indexed.document("undo") == {"undone": "Delete the label Warm"}
    assert indexed.document("undo")["undone"].startswith("Apply Warm")
    assert indexed.document("search", "label:Warm")["results"] == []
    assert indexed.document("redo")["redone"].startswith("Apply Warm")


def test_editing(indexed: Commands) -> None:
    indexed.ok("label", "add", "Warm", "--threshold", "0.4")
    indexed.ok(
        "label", "edit", "warm", "--rename", "Hot", "--describe", "red", "--threshold", "0.9", "--keep"
    )
    (label,) = indexed.document("label", "list")["labels"]
    assert label["name"] == "Hot"
    assert (label["descriptions"], label["threshold"], label["keep_applied"]) == (["red"], 0.9, True)


def test_scopes(indexed: Commands, pictures: Path) -> None:
    indexed.ok("label", "add", "Red", "--describe", "red")
    indexed.ok("album", "create", "Blues", pictures / "blue.png")
    assert indexed.document("label", "apply", "Red", "--album", "Blues")["tagged"] == 0
    assert names(indexed.document("label", "preview", "Red", "--album", "Blues")["results"]) == ["blue"]
    assert indexed.document("label", "apply", "Red", "--folder", pictures)["tagged"] >= 1
    elsewhere = indexed.run("label", "apply", "Red", "--folder", pictures.parent / "other")
    assert (elsewhere.exit_code, "no photos in the folder" in elsewhere.stderr) == (1, True)
    assert indexed.run("label", "apply", "Red", "--folder", pictures, "--album", "Blues").exit_code == 2


def test_a_label_that_is_not_there(indexed: Commands) -> None:
    indexed.ok("label", "add", "Beach")
    for command in ("preview", "apply", "remove", "edit"):
        result = indexed.run("label", command, "Beech")
        assert result.exit_code == 1
        assert "Did you mean Beach?" in result.stderr


def test_words_of_any_characters(indexed: Commands) -> None:
    odd = "\udcff"  # what Python makes of a byte that is not UTF-8
    made = indexed.document("label", "add", "by the\n sea", "--describe", f"red{odd}")["label"]
    assert (made["name"], made["descriptions"]) == ("by the sea", ["red?"])
    assert indexed.document("search", 'label:"by the\tsea"')["results"] == []
    assert indexed.document("album", "create", " A \n trip") == {"album": "A trip", "photos": 0}
    assert indexed.run("label", "add", odd).exit_code == 1
    for query in (f"label:{odd}", f"album:{odd}"):
        result = indexed.run("search", query)
        assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    for query in (f'"{odd}"', f"folder:{odd}"):
        assert odd not in indexed.document("search", query)["query"]


def test_tables_for_people(indexed: Commands, pictures: Path) -> None:
    indexed.ok("label", "add", "Red", "--describe", "red")
    assert "reach 0.50" in indexed.ok("label", "preview", "Red").stdout
    assert "with it now" in indexed.ok("label", "apply", "Red").stdout
    assert "Red" in indexed.ok("label", "list").stdout
    indexed.ok("album", "create", "Some", pictures / "red.png")
    assert "Some" in indexed.ok("album", "list").stdout
    assert str(pictures / "red.png") in indexed.ok("album", "show", "Some").stdout.replace("\n", "")
    assert "Undone: " in indexed.ok("undo").stdout
    assert "Redone: " in indexed.ok("redo").stdout


def test_an_album_from_first_to_last(indexed: Commands, pictures: Path) -> None:
    red, blue = pictures / "red.png", pictures / "blue.png"
    assert indexed.document("album", "create", "Trip") == {"album": "Trip", "photos": 0}
    assert indexed.document("album", "add", "trip", blue, red) == {"album": "Trip", "photos": 2}
    assert indexed.document("album", "list") == {"albums": [{"name": "Trip", "photos": 2}]}
    shown = indexed.document("album", "show", "Trip")
    assert shown == {"album": "Trip", "photos": [{"path": str(blue)}, {"path": str(red)}]}
    assert indexed.document("album", "remove", "Trip", blue)["photos"] == 1
    assert indexed.document("album", "rename", "Trip", "Rome")["album"] == "Rome"
    indexed.ok("label", "add", "Red", "--describe", "red")
    indexed.ok("label", "add", "Blue", "--describe", "blue")
    assert indexed.document("album", "tag", "Rome") == {"album": "Rome", "added": 1, "removed": 0}
    assert indexed.document("album", "tag", "Rome", "--label", "Blue")["added"] == 0
    assert indexed.document("album", "delete", "Rome") == {"album": "Rome", "photos": 0}
    assert indexed.document("album", "list") == {"albums": []}
    assert "Delete the album Rome" in indexed.document("undo")["undone"]
    assert indexed.document("album", "list") == {"albums": [{"name": "Rome", "photos": 1}]}


def test_a_folder_inside_a_watched_one_is_a_scope(commands: Commands, photos: Path) -> None:
    paint(photos / "trip" / "red-2.png", "red", (12, 12))
    commands.ok("index", photos)
    commands.ok("label", "add", "Red", "--describe", "red", "--keep")
    assert commands.document("label", "apply", "Red", "--folder", photos / "trip")["tagged"] == 1
    assert names(commands.document("search", "label:Red")["results"]) == ["red-2"]
    commands.ok("undo")
    assert commands.document("undo") == {"undone": "Add the label Red"}  # one step, though it is kept applied


def test_an_album_is_put_in_order(indexed: Commands, pictures: Path) -> None:
    red, blue, green = (pictures / f"{colour}.png" for colour in ("red", "blue", "green"))
    indexed.ok("album", "create", "Trip", red, blue, green)
    assert indexed.document("album", "order", "trip", green) == {"album": "Trip", "photos": 3}
    assert names(indexed.document("album", "show", "Trip")["photos"]) == ["green", "red", "blue"]
    indexed.ok("undo")
    assert names(indexed.document("album", "show", "Trip")["photos"]) == ["red", "blue", "green"]
    refused = indexed.run("album", "order", "Trip", pictures / "white.png")
    assert (refused.exit_code, "white.png is not in the album Trip" in refused.stderr) == (1, True)


def test_removing_a_folder_says_what_happens_to_labels(indexed: Commands, pictures: Path) -> None:
    everything = len(COLOURS)
    indexed.ok("label", "add", "All", "--threshold", "0")
    indexed.ok("label", "apply", "All")
    assert indexed.document("folder", "list") == {
        "folders": [{"path": str(pictures), "photos": everything, "online": True}]
    }
    unsaid = indexed.run("folder", "remove", pictures)
    assert (unsaid.exit_code, "--keep-labels" in unsaid.stderr) == (2, True)
    for option, word, remaining in (("--keep-labels", "kept", everything), ("--delete-labels", "deleted", 0)):
        assert indexed.document("folder", "remove", pictures, option)["labels"] == word
        assert indexed.document("search")["results"] == []
        assert indexed.document("folder", "list") == {"folders": []}
        indexed.ok("index", pictures)  # added again
        assert len(indexed.document("search", "label:All")["results"]) == remaining
        for _ in ("add", "remove"):
            indexed.ok("undo")
        assert len(indexed.document("search", "label:All")["results"]) == everything
    unknown = indexed.run("folder", "remove", pictures.parent, "--keep-labels")
    assert (unknown.exit_code, str(pictures) in unknown.stderr) == (1, True)


def test_a_photo_outside_the_library_is_named(indexed: Commands, tmp_path: Path) -> None:
    result = indexed.run("album", "create", "Trip", tmp_path / "other.png")
    assert result.exit_code == 1
    assert "other.png is not in the library" in result.stderr


def test_nothing_to_undo(indexed: Commands) -> None:
    while indexed.document("undo")["undone"] is not None:
        pass
    assert indexed.document("undo") == {"undone": None}
    assert "Nothing to undo" in indexed.ok("undo").stdout
