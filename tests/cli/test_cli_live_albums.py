"""Live albums from the terminal."""

from __future__ import annotations

from pathlib import Path

from tests.cli.cli_helpers import Commands


def stems(document: dict[str, list[dict[str, str]]], key: str = "photos") -> list[str]:
    return sorted(Path(row["path"]).stem for row in document[key])


def test_from_first_to_last(indexed: Commands, pictures: Path) -> None:
    assert indexed.document("album", "save", "Warm", '"red"', "OR", '"orange"') == {
        "album": "Warm",
        "photos": 2,
    }
    assert indexed.document("album", "list") == {
        "albums": [{"name": "Warm", "photos": 2, "query": '"red" OR "orange"'}]
    }
    assert stems(indexed.document("album", "show", "warm")) == ["orange", "red"]
    assert stems(indexed.document("search", "album:Warm", "is:unlabelled"), "results") == ["orange", "red"]
    assert indexed.document("album", "add", "Warm", pictures / "white.png")["photos"] == 3
    assert indexed.document("album", "remove", "Warm", pictures / "red.png")["photos"] == 2
    assert stems(indexed.document("album", "show", "Warm")) == ["orange", "white"]
    assert indexed.document("album", "rename", "Warm", "Kept") == {"album": "Kept", "photos": 2}
    assert indexed.document("album", "save", "Kept", '"blue"', "--replace") == {"album": "Kept", "photos": 2}
    assert stems(indexed.document("album", "show", "Kept")) == ["blue", "white"]
    assert indexed.document("undo") == {"undone": "Change the query of Kept"}
    assert indexed.document("album", "delete", "Kept") == {"album": "Kept", "photos": 0}
    assert indexed.document("undo") == {"undone": "Delete the album Kept"}
    assert stems(indexed.document("album", "show", "Kept")) == ["orange", "white"]


def test_for_people(indexed: Commands) -> None:
    assert indexed.ok("album", "save", "All but dogs", "-dog", "rating:0").stdout.startswith("All but dogs: ")
    head, line = indexed.ok("album", "list").stdout.splitlines()
    assert head.split() == ["album", "photos", "query"]
    assert line.endswith("-dog rating:0")


def test_what_is_refused(indexed: Commands, pictures: Path) -> None:
    indexed.ok("album", "create", "Trip")
    indexed.ok("album", "save", "Reds", "red")
    for status, arguments, sentence in (
        (1, ["save", "Trip", "red"], "There is an album named Trip already"),
        (1, ["save", "Trip", "red", "--replace"], "The album Trip is made by hand"),
        (2, ["save", "Wrong", "labl:x"], "did you mean “label:”"),
        (1, ["save", "Reds", "album:reds", "--replace"], "The live album Reds asks for itself"),
        (1, ["order", "Reds", str(pictures / "red.png")], "Reds is a live album, which has no order"),
    ):
        result = indexed.run("album", *arguments)
        assert (result.exit_code, sentence in result.stderr) == (status, True), result.output


def test_one_that_cannot_be_looked_up_is_listed_all_the_same(indexed: Commands) -> None:
    indexed.ok("album", "save", "Reds", "red")
    indexed.ok("album", "save", "Nested", "album:Reds")
    indexed.ok("album", "delete", "Reds")
    result = indexed.run("album", "list", "--json")
    assert result.exit_code == 0
    assert '"photos": null' in result.stdout
    assert "The live album Nested cannot be looked up: There is no album named Reds." in result.stderr
    shown = indexed.run("album", "show", "Nested")
    assert (shown.exit_code, "There is no album named Reds." in shown.stderr) == (1, True)


def test_missing_photos_are_found(commands: Commands, photos: Path) -> None:
    commands.ok("index", photos)
    (photos / "red.png").unlink()
    commands.ok("index")
    assert stems(commands.document("search", "is:missing"), "results") == ["red"]
    assert stems(commands.document("search", "red OR is:missing", "--limit", "1"), "results") == ["red"]
    assert "red" not in stems(commands.document("search", "red"), "results")
