"""`photoclip models train` and `probe`, with a trainer that only notes what it is asked."""

from __future__ import annotations

import math
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from photoclip import app
from photoclip.cli.services import Training
from photoclip.clip import checkpoint
from photoclip.errors import Cancelled, ModelError
from photoclip.library.catalog.albums import create_album
from photoclip.library.catalog.labels import add_label, label_photos
from photoclip.library.library import Library
from photoclip.library.training_pairs import Pair
from photoclip.model_store import ModelRow
from photoclip.training_terms import Learned, Wishes
from tests.cli.cli_helpers import Commands, paint
from tests.clip.small_models import SMALL, random_model
from tests.library.search_helpers import Shelf

OWN = ModelRow("own", "/models/own", 26_000_000, 16, 16, False)
LEARNED = Learned(
    16, 4, 1, 40, 12.5, Path("/models/own/training.jsonl"), {"zero_shot_top1": 0.25}, {"zero_shot_top1": 0.75}
)


@dataclass
class Trainer:
    asked: list[tuple[Wishes, Sequence[Pair]]] = field(default_factory=list)
    learned: Learned = LEARNED
    error: Exception | None = None
    interrupt: bool = False

    def train(
        self, wishes: Wishes, pairs: Sequence[Pair], say: Callable[[str], None], stopped: Callable[[], bool]
    ) -> tuple[ModelRow, Learned]:
        say("On its way.")
        if self.error:
            raise self.error
        if self.interrupt:
            assert not stopped()
            signal.raise_signal(signal.SIGINT)
            assert stopped()
            raise Cancelled("Stopped at 40%; the same command goes on from there.")
        self.asked.append((wishes, pairs))
        return OWN, self.learned

    def probe(
        self, vectors: NDArray[np.float32], has: NDArray[np.bool_], folds: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        return has.astype(np.float32)


@pytest.fixture
def trainer() -> Trainer:
    return Trainer()


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path)
    yield shelf
    shelf.library.close()


@pytest.fixture
def library(shelf: Shelf, trainer: Trainer) -> Commands:
    """Ten red and ten blue photos with a label each, one of them an automatic one, and an album of two."""
    for colour in ("red", "blue"):
        ids = list(shelf.add([f"{colour}-{number}.jpg" for number in range(10)]).values())
        for number in range(10):
            (shelf.photos / f"{colour}-{number}.jpg").write_bytes(b"a picture")
        label = add_label(shelf.catalog, colour.title()).created
        assert label is not None
        label_photos(shelf.catalog, label, ids)
    extra = shelf.add(["red-extra.jpg", "green-extra.jpg"])
    label_photos(shelf.catalog, 1, [extra["red-extra.jpg"]], source="auto", scores=[0.9])
    (shelf.photos / "red-extra.jpg").write_bytes(b"a picture")
    create_album(shelf.catalog, "Summer", extra.values())
    return Commands(shelf.library.folder, training=Training(trainer.train, trainer.probe))


def names(pairs: Sequence[Pair]) -> set[tuple[str, ...]]:
    return {pair.filed.names for pair in pairs}


def test_train(library: Commands, trainer: Trainer) -> None:
    result = library.ok("models", "train", "own")
    ((wishes, pairs),) = trainer.asked
    assert wishes == Wishes("own", "starter", minutes=10.0, epochs=10.0)
    assert len(pairs) == 20
    assert names(pairs) == {("Red",), ("Blue",)}
    assert "On its way." in result.stderr
    head, figure, last = result.stdout.splitlines()
    assert head.split() == ["of", "4", "photos", "kept", "aside", "starter", "own"]
    assert figure.split() == ["photos", "it", "names", "right", "25%", "75%"]
    assert last == "own is installed; use it with: photoclip models use own"


def test_train_for_scripts(library: Commands, trainer: Trainer, tmp_path: Path) -> None:
    found = library.document(
        "models", "train", "own", "--from", "big", "--captions", tmp_path / "a.csv", "--minutes", "3",
        "--batch", "256", "--chunk", "8", "--rate", "1e-5", "--keep", "0", "--freeze", "image", "--seed", "7",
        "--replace", "--anew",
    )  # fmt: skip
    ((wishes, pairs),) = trainer.asked
    assert wishes == Wishes(
        "own", "big", tmp_path / "a.csv", "image", 1e-5, 0.0, 3.0, math.inf, 256, 8, 7, True, True
    )
    assert pairs == ()  # captions alone
    assert found["model"]["name"] == "own"
    assert found["learned"]["log"] == "/models/own/training.jsonl"
    assert (found["learned"]["before"], found["learned"]["steps"]) == ({"zero_shot_top1": 0.25}, 40)
    assert (found["offline"], found["missing"]) == (0, 0)


def test_what_is_learned_from_is_chosen(library: Commands, trainer: Trainer) -> None:
    library.ok("models", "train", "own", "--automatic", "--epochs", "2")
    library.ok("models", "train", "own", "--labels", "--albums")
    assert [len(pairs) for _, pairs in trainer.asked] == [21, 21]
    assert (trainer.asked[0][0].epochs, trainer.asked[0][0].minutes) == (2.0, math.inf)
    assert names(trainer.asked[1][1]) == {("Red",), ("Blue",), ("Summer",)}
    assert library.run("models", "train", "own", "--freeze", "both").exit_code == 2
    result = library.run("models", "train", "own", "--only", "Reed")
    assert (result.exit_code, "no label named Reed" in result.stderr) == (1, True)


def test_too_little_is_one_sentence(library: Commands, trainer: Trainer, tmp_path: Path) -> None:
    for few in (["--only", "Red"], ["--albums"]):
        result = library.run("models", "train", "own", *few)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.splitlines()[-1].startswith(
            "There is too little to learn from: 20 labelled photos"
        )
    assert trainer.asked == []
    assert "There is no library" in Commands(tmp_path / "none").run("models", "train", "own").stderr


def test_photos_that_cannot_be_read_are_said(library: Commands, trainer: Trainer, shelf: Shelf) -> None:
    (shelf.photos / "red-extra.jpg").unlink()
    result = library.ok("models", "train", "own", "--automatic")
    assert "1 photo left out: missing, or not readable." in result.stderr
    shelf.photos.rename(shelf.photos.with_name("unplugged"))
    result = library.run("models", "train", "own")
    assert "20 photos left out: their folder is not there at the moment." in result.stderr
    assert (result.exit_code, "20 photos more cannot be read" in result.stderr) == (1, True)


def test_ctrl_c_and_errors(library: Commands, trainer: Trainer) -> None:
    trainer.interrupt = True
    result = library.run("models", "train", "own")
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (
        130, "Stopped at 40%; the same command goes on from there.",
    )  # fmt: skip
    trainer.error = ModelError("The disk is full.")
    result = library.run("models", "train", "own")
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (1, "The disk is full.")


def test_a_model_that_became_worse_is_said(library: Commands, trainer: Trainer) -> None:
    trainer.learned = Learned(9, 3, 0, 1, 1.0, Path("log"), {"zero_shot_top1": 0.5}, {"zero_shot_top1": 0.4})
    assert "It became worse" in library.ok("models", "train", "own").stderr
    trainer.learned = Learned(9, 0, 0, 1, 1.0, Path("log"))
    assert library.ok("models", "train", "own").stdout.count("\n") == 1


def test_probe(library: Commands) -> None:
    found = library.document("models", "probe")
    assert found == {
        "model": "fake", "photos": 20, "zero_shot": 1.0, "probe": 1.0, "left_out": [],
        "labels": [{"name": name, "photos": 10, "zero_shot": 1.0, "probe": 1.0} for name in ("Red", "Blue")],
    }  # fmt: skip
    assert library.document("models", "probe", "--automatic")["photos"] == 21
    result = library.ok("models", "probe")
    assert result.stdout.startswith("fake, 20 photos: the best label is right for 100% by words")
    result = library.run("models", "probe", "--only", "Red")
    assert (result.exit_code, "too little to learn from" in result.stderr) == (1, True)
    with Library.open(library.folder) as opened:
        assert {row[0] for row in opened.catalog.query("SELECT count(*) FROM photo_label")} == {21}


def test_the_whole_way_with_a_real_model(library: Commands, shelf: Shelf, tmp_path: Path) -> None:
    """Photos of the library and captions beside them, both with a validation side, become a model."""
    for pair in shelf.photos.glob("*.jpg"):
        paint(pair, pair.name.split("-")[0])
    paint(tmp_path / "more" / "1.png", "green")
    paint(tmp_path / "more" / "2.png", "white")
    lines = ["image,caption,split", "1.png,a meadow,train", "2.png,a wall,validation"]
    (tmp_path / "more" / "a.csv").write_text("\n".join(lines), encoding="utf-8")
    checkpoint.save(random_model(SMALL["vit"]), SMALL["vit"], tmp_path / "small")
    library.training = Training(app.train_model, app.held_out_scores)
    found = library.document(
        "models", "train", "own", "--from", tmp_path / "small", "--labels", "--captions",
        tmp_path / "more" / "a.csv", "--epochs", "1",
    )  # fmt: skip
    learned = found["learned"]
    assert learned["pictures"] + learned["validation"] == 22
    assert learned["validation"] >= 2
    assert found["model"] == asdict(next(row for row in app.models() if row.name == "own"))
    result = library.run("models", "train", "own", "--from", tmp_path / "small")
    assert (result.exit_code, "own is installed already" in result.stderr) == (1, True)
    assert library.document("models", "probe")["probe"] == 1.0
