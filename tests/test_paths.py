from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photoclip.paths import default_library_dir, display, models_dir, path_json, resource


def test_the_library_is_where_the_variable_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PHOTOCLIP_LIBRARY", str(tmp_path))
    assert default_library_dir() == tmp_path
    monkeypatch.setenv("PHOTOCLIP_LIBRARY", "~/mine")
    assert default_library_dir() == Path.home() / "mine"
    monkeypatch.delenv("PHOTOCLIP_LIBRARY")
    assert default_library_dir().name == "library"
    assert default_library_dir().is_absolute()


def test_models_are_where_the_variable_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PHOTOCLIP_MODELS", str(tmp_path))
    assert models_dir() == tmp_path
    monkeypatch.delenv("PHOTOCLIP_MODELS")
    monkeypatch.delenv("PHOTOCLIP_LIBRARY")
    assert models_dir() == default_library_dir().parent / "models"


def test_resources_are_found() -> None:
    assert resource("vocabulary").parent.name == "resources"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (b"/photos/caf\xc3\xa9.jpg", "/photos/café.jpg"),
        (b"/photos/\xf0\x9f\x98\x80 1.jpg", "/photos/😀 1.jpg"),
        (b"/photos/\xff.jpg", "/photos/\\xff.jpg"),
        (b"/a\nb\x1b[31m", "/a\\x0ab\\x1b[31m"),
        ("/\u202egpj.exe".encode(), "/\\u202egpj.exe"),
    ],
)
def test_paths_are_shown_on_one_line(path: bytes, shown: str) -> None:
    assert display(path) == shown


@given(st.binary())
def test_any_path_can_be_shown_and_told_to_scripts(path: bytes) -> None:
    assert display(path).isprintable()
    told = json.loads(json.dumps(path_json(path)))
    exact = base64.b64decode(told["path_bytes"]) if "path_bytes" in told else told["path"].encode()
    assert exact == path


def test_a_plain_path_is_told_without_base64() -> None:
    assert path_json(os.fsencode("/photos/a.jpg")) == {"path": "/photos/a.jpg"}
