"""Where the model and the library are joined."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from photoclip import app
from photoclip.clip.models import describe
from photoclip.clip.precision import Measured, Precisions, Rate, machine
from photoclip.errors import ModelError
from photoclip.library.encoder import EncoderProcess
from photoclip.library.library import Library
from photoclip.model_store import ModelStore
from photoclip.paths import models_dir, resource
from photoclip.settings import choose_model


def test_a_model_that_is_not_there_is_named() -> None:
    with pytest.raises(ModelError, match="nonesuch"):
        app.encoder("nonesuch")


def test_the_window_opens_without_a_model_and_says_why_when_asked(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    encoder = app._encoder_or_none(str(tmp_path))
    assert encoder.description == "no model"
    with pytest.raises(ModelError, match="model"):
        encoder.encode_texts(["a cat"])
    with pytest.raises(ModelError, match="model"):
        encoder.encode_pixels(np.zeros((1, 32, 32, 3), np.uint8))


def test_published_models_are_told_to_the_terminal() -> None:
    published = app.published_models()
    rows = {row.name: row for row in published}
    assert published[0].name == "openai-vit-b-32"
    assert published[-1].name.startswith("openai-rn")
    assert len(rows) == 18
    assert rows["openai-vit-b-32"].sources == ("hub", "openai")
    assert rows["dfn5b-vit-h-14-378"].sources == ("hub",)
    assert all(row.bytes > 1e8 and row.licence and row.quality for row in rows.values())
    assert not any(row.installed for row in rows.values())


def test_what_is_not_here_is_as_fast_as_was_measured_of_the_machine() -> None:
    assert {row.photos_per_second for row in app.published_models()} == {0.0}
    Precisions().keep_rate(Rate("cpu", 3e11))
    speeds = {row.name: row.photos_per_second for row in app.published_models()}
    assert speeds["openai-vit-b-32"] == 36  # 8.3 billion operations, less what the last block is spared
    assert speeds["openai-vit-b-16"] == 9
    assert speeds["openai-vit-l-14-336px"] == 0.8
    assert speeds["openai-rn50"] == 0


def test_a_damaged_model_of_the_person_s_own_is_listed_and_removed() -> None:
    (models_dir() / "broken").mkdir(parents=True)
    (models_dir() / "broken" / "config.json").write_text("{}")
    (row,) = [row for row in app.models() if not row.shipped]
    assert (row.name, row.bytes) == ("broken", 0)
    assert "model.safetensors is missing" in row.problem
    app.remove_model("broken")
    assert all(row.shipped for row in app.models())


def test_the_precision_a_model_runs_in_is_told_once_it_was_measured() -> None:
    (starter,) = app.models()
    assert starter.precision == ""
    measured = Measured(machine(), ("CPU, bfloat16",), "CPU, bfloat16", {"CPU, bfloat16": 348.2})
    Precisions().keep(describe(Path(starter.path)).key, measured)
    assert app.models()[0].precision == "bfloat16, 348 photos/s on this machine"


def test_the_window_shows_the_library_s_own_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str | None] = []
    monkeypatch.setattr(app, "_encoder_or_none", asked.append)
    finders: list[object] = []

    stores: list[ModelStore | None] = []

    def run(library: Library, _encoder: object, find: object, *, store: ModelStore | None) -> int:
        finders.append(find)
        stores.append(store)
        library.close()
        return 0

    monkeypatch.setattr("photoclip.gui.start.run", run)
    app.open_window(tmp_path, None)
    choose_model(tmp_path, "mine")
    app.open_window(tmp_path, None)
    app.open_window(tmp_path, "another")
    assert asked == [app.STARTER, "mine", "another"]
    assert finders == [app.encoder, app.encoder, None]
    assert [store is not None for store in stores] == [True, True, False]


@pytest.mark.skipif(not (resource("models") / "starter").is_dir(), reason="no starter model in resources")
def test_the_starter_answers_from_a_process_of_its_own() -> None:
    torch_before = "torch" in sys.modules
    (row,) = [model for model in app.models() if model.name == app.STARTER]
    encoder = app.encoder(None)
    assert isinstance(encoder, EncoderProcess)
    assert encoder.info.dim == row.dim
    assert encoder.info.logit_scale > 1
    assert ("torch" in sys.modules) == torch_before
    try:
        vectors = encoder.encode_texts(["a cat", "a kitten", "a rocket"])
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-3)
        assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
    finally:
        encoder.close()


def test_the_window_alone_needs_no_commands() -> None:
    assert app.window_alone(["--library", "/somewhere"]) == Path("/somewhere")
    assert app.window_alone([]) is not None
    for arguments in (["--version"], ["search", "a cat"], ["--library"], ["--json"]):
        assert app.window_alone(arguments) is None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems always have a display")
def test_without_a_display_the_window_says_so(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.endswith(("DISPLAY", "PLATFORM"))}
    command = [sys.executable, "-m", "photoclip", "--library", str(tmp_path / "library")]
    done = subprocess.run(command, env=kept, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("There is no display")
    assert done.stderr.count("\n") == 1


def test_a_window_that_cannot_open_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    command = [sys.executable, "-m", "photoclip", "--library", str(tmp_path / "file")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert str(tmp_path / "file") in done.stderr
    assert "Traceback" not in done.stderr
