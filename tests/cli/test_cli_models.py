"""`photoclip models`, with a store that only notes what it is asked."""

from __future__ import annotations

import json
import signal
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from safetensors.torch import save_file

from photoclip import app
from photoclip.cli import downloads
from photoclip.errors import Cancelled, ModelError
from photoclip.model_store import ModelRow, ModelStore, PublishedRow, Source, Watch
from photoclip.settings import chosen_model
from tests.cli.cli_helpers import MODEL, PUBLISHED, Commands
from tests.clip.hub_server import serving
from tests.clip.small_models import SMALL, open_clip_settings, random_model

BIG = ModelRow("big", "/models/big", 302_000_000, 512, 224, False, "MIT", "Better.")


@dataclass
class Store:
    asked: list[tuple[object, ...]] = field(default_factory=list)
    error: Exception | None = None
    interrupt: bool = False

    @property
    def services(self) -> ModelStore:
        return ModelStore(
            lambda: [PUBLISHED], self._get, self._take_in, self._remove,
            look=self._look, get_repository=self._get_repository,
        )  # fmt: skip

    def _look(self, address: str, name: str, watch: Watch) -> PublishedRow:
        self._answer("look", address, name)
        return replace(PUBLISHED, name=name or "found", quality="From the hub.", licence="not stated")

    def _get_repository(self, address: str, name: str, replace: bool, watch: Watch) -> ModelRow:
        return self._answer("get", address, name, replace)

    def _get(self, name: str, source: Source, replace: bool, watch: Watch) -> ModelRow:
        watch.progress(1, 2, 3_400_000.0, 150.0)
        watch.say("On its way.")
        if self.interrupt:
            signal.raise_signal(signal.SIGINT)
            assert watch.stop.is_set()
            raise Cancelled("Stopped; kept.")
        return self._answer("get", name, source, replace)

    def _take_in(self, path: Path, name: str, like: str, replace: bool) -> ModelRow:
        return self._answer("import", path, name, like, replace)

    def _remove(self, name: str) -> None:
        self._answer("remove", name)

    def _answer(self, *asked: object) -> ModelRow:
        if self.error:
            raise self.error
        self.asked.append(asked)
        return BIG


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def models(tmp_path: Path, store: Store) -> Commands:
    return Commands(tmp_path / "library", models=[replace(MODEL, name="starter"), BIG], store=store.services)


def test_list(models: Commands) -> None:
    found = models.document("models", "list")
    assert found["in_use"] == "starter"
    assert found["models"][0] == {
        "name": "starter", "path": "/models/fake", "bytes": 33_000_000, "dim": 16, "image_size": 16,
        "shipped": True, "licence": "", "quality": "", "problem": "", "precision": "", "in_use": True,
    }  # fmt: skip
    assert [row["in_use"] for row in found["models"]] == [True, False]
    assert found["published"] == [
        {
            "name": "big", "alias": "Big/32", "repository": "somebody/big", "bytes": 605_000_000, "dim": 512,
            "image_size": 224, "licence": "MIT", "quality": "Better.", "sources": ["hub"], "installed": False,
            "photos_per_second": 0.0,
        }
    ]  # fmt: skip
    assert models.document("models") == found


def test_list_for_people(models: Commands) -> None:
    installed, available = models.ok("models").stdout.split("To download")
    (used,) = [line.split() for line in installed.splitlines() if line.startswith("*")]
    assert used[1:3] == ["starter", "33"]
    assert "605 MB" in available
    assert "MIT" in available
    assert "Better." in available
    assert "photos/s" not in available


@pytest.mark.parametrize(("speed", "said"), [(9.0, "9"), (0.4, "0.4"), (1200.0, "1200")])
def test_a_model_that_is_not_here_says_about_how_fast_it_would_be(
    models: Commands, speed: float, said: str
) -> None:
    estimated = replace(PUBLISHED, photos_per_second=speed)
    models.store = replace(models.store, published=lambda: [estimated])
    available = models.ok("models").stdout.split("To download")[1]
    assert f"Better. About {said} photos/s here (estimated)." in " ".join(available.split())
    assert models.document("models")["published"][0]["photos_per_second"] == speed


def test_a_damaged_model_is_listed_with_the_reason(models: Commands) -> None:
    models.models.append(replace(BIG, name="broken", problem="Its weights are missing."))
    assert "Its weights are missing." in models.ok("models", "list").stdout
    result = models.run("models", "use", "broken")
    assert (result.exit_code, result.stderr) == (1, "Its weights are missing.\n")


@pytest.mark.parametrize("name", ["big", "Big/32", "somebody/big"])
def test_get(models: Commands, store: Store, name: str) -> None:
    result = models.ok("models", "get", name, "--yes")
    assert store.asked == [("get", "big", "", False)]
    assert "about 605 MB; licence: MIT" in result.stderr
    assert "On its way." in result.stderr
    assert result.stdout == "big is installed; use it with: photoclip models use big\n"


def test_get_for_scripts(models: Commands, store: Store) -> None:
    found = models.document("models", "get", "big", "--yes", "--source", "openai", "--replace")
    assert found["model"]["name"] == "big"
    assert store.asked == [("get", "big", "openai", True)]
    for wrong in (["--yes", "--source", "elsewhere"], [], ["--json"]):
        assert models.run("models", "get", "big", *wrong).exit_code == 2
    assert len(store.asked) == 1
    result = models.run("models", "get", "nonesuch", "--yes")
    assert (result.exit_code, 'no published model "nonesuch"' in result.stderr) == (1, True)
    assert "hf-hub:OWNER/NAME gets any CLIP of the hub" in result.stderr


def test_get_a_repository(models: Commands, store: Store) -> None:
    result = models.ok("models", "get", "hf-hub:timm/other", "--yes")
    assert store.asked == [("look", "hf-hub:timm/other", ""), ("get", "hf-hub:timm/other", "found", False)]
    assert "found: about 605 MB; licence: not stated. From the hub." in result.stderr
    found = models.document("models", "get", "hf-hub:timm/other", "--name", "mine", "--yes", "--replace")
    assert found["model"]["name"] == "big"
    assert store.asked[2:] == [
        ("look", "hf-hub:timm/other", "mine"), ("get", "hf-hub:timm/other", "mine", True),
    ]  # fmt: skip


def test_a_repository_of_a_published_model_is_that_model(models: Commands, store: Store) -> None:
    models.ok("models", "get", "hf-hub:somebody/big", "--yes", "--source", "hub")
    assert store.asked == [("get", "big", "hub", False)]
    models.ok("models", "get", "hf-hub:somebody/big", "--name", "mine", "--yes")
    assert store.asked[1:] == [
        ("look", "hf-hub:somebody/big", "mine"), ("get", "hf-hub:somebody/big", "mine", False),
    ]  # fmt: skip


def test_a_repository_is_agreed_to(models: Commands, store: Store) -> None:
    assert models.run("models", "get", "hf-hub:timm/other").exit_code == 2
    assert store.asked == [("look", "hf-hub:timm/other", "")]
    for wrong in (["hf-hub:timm/other", "--source", "openai"], ["big", "--name", "mine"]):
        assert models.run("models", "get", "--yes", *wrong).exit_code == 2
    store.error = ModelError("There is nothing there.")
    result = models.run("models", "get", "hf-hub:timm/other", "--yes")
    assert (result.exit_code, result.stderr) == (1, "There is nothing there.\n")


def test_a_store_of_published_models_alone_says_so(tmp_path: Path) -> None:
    result = Commands(tmp_path / "library").run("models", "get", "hf-hub:timm/other", "--yes")
    assert (result.exit_code, "Only the published models" in result.stderr) == (1, True)


@pytest.mark.parametrize(("answer", "status", "asked"), [("y", 0, 1), ("n", 1, 0)])
def test_people_are_asked(
    models: Commands, store: Store, monkeypatch: pytest.MonkeyPatch, answer: str, status: int, asked: int
) -> None:
    monkeypatch.setattr(downloads, "interactive", lambda: True)
    monkeypatch.setattr(downloads.typer, "confirm", lambda *_, **__: answer == "y")
    result = models.run("models", "get", "big")
    assert (result.exit_code, len(store.asked)) == (status, asked)


def test_ctrl_c_stops_a_download(models: Commands, store: Store) -> None:
    store.interrupt = True
    result = models.run("models", "get", "big", "--yes")
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (130, "Stopped; kept.")


def test_what_is_wrong_is_one_sentence(models: Commands, store: Store) -> None:
    store.error = ModelError("The server is gone.")
    for command in (["get", "big", "--yes"], ["import", "here", "--name", "mine"], ["remove", "big"]):
        result = models.run("models", *command)
        assert (result.exit_code, result.stderr.splitlines()[-1]) == (1, "The server is gone.")
        assert "Traceback" not in result.stderr


def test_import(models: Commands, store: Store, tmp_path: Path) -> None:
    models.ok("models", "import", tmp_path / "weights.pt", "--name", "mine", "--like", "Big/32")
    assert models.document("models", "import", tmp_path, "--name", "mine", "--replace")["model"]["dim"] == 512
    assert store.asked == [
        ("import", tmp_path / "weights.pt", "mine", "Big/32", False),
        ("import", tmp_path, "mine", "", True),
    ]


def test_use_and_remove(models: Commands, store: Store) -> None:
    assert models.document("models", "use", "Big/32") == {
        "in_use": "big", "serving": "big", "known": 0, "total": 0,
    }  # fmt: skip
    assert chosen_model(models.folder) == "big"
    assert models.document("models", "list")["in_use"] == "big"
    result = models.run("models", "remove", "big")
    assert (result.exit_code, "big is in use; choose another first" in result.stderr) == (1, True)
    models.ok("models", "use", "starter")
    assert models.document("models", "remove", "big") == {"removed": "big"}
    assert store.asked == [("remove", "big")]


def test_what_is_not_there_cannot_be_used(models: Commands) -> None:
    models.models.pop()
    result = models.run("models", "use", "big")
    assert (result.exit_code, "get it with: photoclip models get big" in result.stderr) == (1, True)
    result = models.run("models", "use", "nonesuch")
    assert (result.exit_code, 'no model "nonesuch"' in result.stderr) == (1, True)


def test_the_model_in_use_is_the_one_that_searches(indexed: Commands) -> None:
    indexed.models.append(BIG)
    indexed.ok("search", "red")
    indexed.ok("models", "use", "big")
    indexed.ok("search", "red")
    assert (indexed.asked[0], indexed.asked[-1]) == ("starter", "big")


def test_pace() -> None:
    assert downloads.pace(0.0, float("inf")) == ""
    assert downloads.pace(3_400_000, 150) == "3.4 MB/s, 2:30 left"


def test_a_repository_through_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command, the joint and the store, against a hub on loopback."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", "/nonexistent/token")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    save_file(random_model(SMALL["vit"]).state_dict(), tmp_path / "open_clip_model.safetensors")
    (tmp_path / "open_clip_config.json").write_text(json.dumps(open_clip_settings(SMALL["vit"])))
    commands = Commands(tmp_path / "library", store=app.model_store())
    with serving() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        for path in tmp_path.glob("open_clip*"):
            hub.put("somebody/small", path.name, path.read_bytes())
        hub.said["somebody/small"] = {"cardData": {"license": "mit"}}
        result = commands.ok("models", "get", "hf-hub:somebody/small", "--yes")
        assert f"licence: mit. From {hub.address}/somebody/small." in result.stderr
        assert result.stdout.startswith("somebody-small is installed; use it with: photoclip models use")
        result = commands.run("models", "get", "hf-hub:somebody/other", "--yes")
        assert (result.exit_code, "there is no such repository" in result.stderr) == (1, True)
    (row,) = [row for row in app.models() if not row.shipped]
    assert (row.name, row.dim, row.licence) == ("somebody-small", 48, "mit")
    assert row.quality == f"From {hub.address}/somebody/small."
