from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.cli_helpers import Commands, paint
from tests.library.fakes import COLOURS


def paint_all(folder: Path) -> Path:
    """A folder of pictures named after their colours."""
    for colour in COLOURS:
        paint(folder / f"{colour}.png", colour)
    return folder


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Pictures for one test to change as it likes."""
    return paint_all(tmp_path / "photos")


@pytest.fixture
def commands(tmp_path: Path) -> Commands:
    """The commands on a library that does not exist yet."""
    return Commands(tmp_path / "library")


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures that no test changes."""
    return paint_all(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="session")
def indexed_once(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> Path:
    """A library of `pictures`, indexed once: starting the decode processes takes most of a second."""
    folder = tmp_path_factory.mktemp("indexed") / "library"
    Commands(folder).ok("index", pictures)
    return folder


@pytest.fixture
def indexed(commands: Commands, indexed_once: Path) -> Commands:
    """The commands on a library of `pictures`, a copy for each test."""
    shutil.copytree(indexed_once, commands.folder)
    return commands
