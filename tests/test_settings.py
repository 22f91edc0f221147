from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from photoclip.settings import FILE_NAME, Settings, choose_model, chosen_model, load_settings, save_settings


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    chosen = Settings(theme="dark", tile_size=240, geometry="AAEC", panels="BB")
    save_settings(tmp_path, chosen)
    assert load_settings(tmp_path) == chosen
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_keys_of_other_versions_are_kept(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text('{"theme": "light", "font": {"size": 13}}')
    save_settings(tmp_path, replace(load_settings(tmp_path), tile_size=99))
    written = json.loads((tmp_path / FILE_NAME).read_text())
    assert written["font"] == {"size": 13}
    assert written["tile_size"] == 99
    assert written["theme"] == "light"


@pytest.mark.parametrize("text", ["", "{", "[]", "\0\0", '"x"', "[" * 100_000])
def test_a_damaged_file_is_all_defaults(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(text)
    assert load_settings(tmp_path) == Settings()


def test_a_value_that_does_not_fit_is_its_default(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text('{"tile_size": "big", "theme": null, "geometry": "x"}')
    assert load_settings(tmp_path) == Settings(geometry="x")


def test_no_file_is_all_defaults(tmp_path: Path) -> None:
    assert load_settings(tmp_path) == Settings()


def test_the_model_in_use(tmp_path: Path) -> None:
    assert chosen_model(tmp_path / "nowhere") == "starter"
    save_settings(tmp_path, Settings(theme="dark"))
    choose_model(tmp_path, "mine")
    assert chosen_model(tmp_path) == "mine"
    assert load_settings(tmp_path).theme == "dark"
    with pytest.raises(OSError, match="nowhere"):
        choose_model(tmp_path / "nowhere", "mine")
