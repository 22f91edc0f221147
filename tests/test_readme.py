"""The commands in the README are real: the quick ones are run, in order, by a person with a few photos."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

CHECKOUT = Path(__file__).resolve().parents[1]
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.splitlines()
]


@pytest.fixture
def person(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody with two photos in ~/Pictures and one in the folder they stand in."""
    pictures = tmp_path / "Pictures"
    pictures.mkdir()
    for name, colour in (("disc", "red"), ("sea", "navy")):
        picture = Image.new("RGB", (320, 240), "white")
        ImageDraw.Draw(picture).ellipse((90, 50, 230, 190), fill=colour)
        picture.save(pictures / f"{name}.jpg")
    shutil.copy2(pictures / "disc.jpg", tmp_path / "photo.jpg")
    scripts = Path(sys.executable).parent
    return os.environ | {
        "HOME": str(tmp_path),
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
        "PHOTOCLIP_LIBRARY": str(tmp_path / "library"),
    }


def test_commands_are_in_the_readme() -> None:
    assert COMMANDS[:2] == ["make demo", "make test"], "the two commands come first"
    known = ("make ", "photoclip", "python3 -m venv", ".venv/bin/")
    assert all(command.startswith(known) for command in COMMANDS), COMMANDS


@pytest.mark.timeout(400)
def test_terminal_commands_run(person: dict[str, str], tmp_path: Path) -> None:
    commands = [line for line in COMMANDS if line.startswith("photoclip ")]
    assert commands
    for command in commands:
        result = subprocess.run(
            ["sh", "-c", command], cwd=tmp_path, env=person, capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize("command", [line for line in COMMANDS if line.startswith("make ")])
def test_make_targets_exist(command: str) -> None:
    result = subprocess.run(
        ["sh", "-c", f"{command} --dry-run"], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout


def test_linked_files_exist() -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", README)
    missing = [target for target in targets if not (CHECKOUT / target).exists()]
    assert not missing
