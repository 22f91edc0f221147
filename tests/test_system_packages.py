"""The script that names or installs what pip cannot bring, on systems played by small stand-ins."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / "packaging" / "system-packages.sh"
TOOLS = ("sh", "cat", "find", "head", "uname", "env")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the script is for Linux")


@pytest.fixture
def system(tmp_path: Path) -> Path:
    """A bin folder with the few tools the script calls and none of Qt's libraries in sight."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        (folder / tool).symlink_to(str(shutil.which(tool)))
    stand_in(folder, "ldconfig", "echo '\tlibGL.so.1 (libc6,x86-64) => /usr/lib/libGL.so.1'")
    stand_in(folder, "c++", "")
    stand_in(folder, "apt-get", f'echo "$@" >> {tmp_path}/apt.log')
    stand_in(folder, "id", "echo 1000")
    stand_in(folder, "sudo", "exit 1")
    return folder


def stand_in(folder: Path, name: str, body: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{body}\n")
    (folder / name).chmod(0o755)


def check(system: Path) -> subprocess.CompletedProcess[str]:
    command = [str(system / "sh"), str(SCRIPT), sys.executable]
    environment = {"PATH": str(system), "HOME": str(system)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_without_rights_one_sentence_names_what_is_missing(system: Path) -> None:
    result = check(system)
    assert result.returncode == 1
    (sentence,) = result.stderr.splitlines()
    assert "sudo apt-get install" in sentence
    assert " libegl1" in sentence
    assert " libxcb-cursor0" in sentence
    assert " libgl1" not in sentence
    assert " g++" not in sentence


@pytest.mark.parametrize("way", ["root", "passwordless sudo"])
def test_with_rights_it_is_installed(system: Path, tmp_path: Path, way: str) -> None:
    if way == "root":
        stand_in(system, "id", "echo 0")
    else:
        stand_in(system, "sudo", 'shift; [ "$1" = true ] || exec "$@"')
        stand_in(system, "true", "")
    result = check(system)
    assert result.returncode == 0, result.stderr
    update, install = (tmp_path / "apt.log").read_text().splitlines()
    assert update.startswith("update")
    assert "--no-install-recommends" in install
    assert " libegl1 libglib2.0-0 " in install


def test_a_missing_compiler_is_named(system: Path) -> None:
    (system / "c++").unlink()
    assert " g++" in check(system).stderr


def test_other_systems_are_told_what_is_needed(system: Path) -> None:
    (system / "apt-get").unlink()
    result = check(system)
    assert result.returncode == 1
    (sentence,) = result.stderr.splitlines()
    assert "libEGL.so.1" in sentence
    assert "package manager" in sentence


def test_complete_systems_are_left_alone(system: Path, tmp_path: Path) -> None:
    libraries = [line.split()[0] for line in SCRIPT.read_text().splitlines() if line.startswith("lib")]
    fonts = tmp_path / "bin" / ".fonts"
    fonts.mkdir()
    (fonts / "one.ttf").touch()
    stand_in(system, "ldconfig", "\n".join(f"echo '{library} (libc6)'" for library in libraries))
    result = check(system)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert not (tmp_path / "apt.log").exists()
