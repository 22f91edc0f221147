"""The built wheel is whole: installed alone, away from the checkout, it scores a photo with the starter."""

from __future__ import annotations

import configparser
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

CHECKOUT = Path(__file__).resolve().parents[1]
SOURCES = ("photoclip", "resources", "pyproject.toml", "README.md", "LICENSE")
NOT_SHIPPED = ("screenshots",)


def run(*command: str | Path, cwd: Path) -> str:
    """Runs a command that knows nothing of the checkout and returns what it printed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    result = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy: setuptools leaves its build folder beside what it builds."""
    copy, built = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("wheel")
    for name in SOURCES:
        source = CHECKOUT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, copy / name)
    offline = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet")
    run(sys.executable, "-m", "pip", "wheel", *offline, "--wheel-dir", built, copy, cwd=built)
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The bin folder of an environment that holds the wheel and sees this one's other packages."""
    environment = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", environment, cwd=environment)
    scripts = environment / ("Scripts" if sys.platform == "win32" else "bin")
    python = scripts / "python"
    offline = ("--no-deps", "--no-index", "--quiet")
    run(sys.executable, "-m", "pip", "--python", python, "install", *offline, wheel, cwd=environment)
    (packages,) = environment.glob("**/site-packages")
    (packages / "neighbour.pth").write_text(sysconfig.get_path("purelib") + "\n")
    yield scripts
    shutil.rmtree(environment)


def test_wheel_ships_every_resource(wheel: Path) -> None:
    folder = CHECKOUT / "resources"
    wanted = {
        f"photoclip/resources/{path.relative_to(folder).as_posix()}"
        for path in folder.rglob("*")
        if path.is_file() and path.relative_to(folder).parts[0] not in NOT_SHIPPED
    }
    shipped = set(zipfile.ZipFile(wheel).namelist())
    assert wanted <= shipped, f"not in the wheel: {sorted(wanted - shipped)}"
    assert not any(name.startswith("photoclip/resources/screenshots") for name in shipped)


def test_every_package_is_named() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = {
        ".".join(path.parent.relative_to(CHECKOUT).parts)
        for path in (CHECKOUT / "photoclip").rglob("__init__.py")
    }
    assert set(project["tool"]["setuptools"]["packages"]) == packages | {"photoclip.resources"}


def test_changelog_names_this_version() -> None:
    source = (CHECKOUT / "photoclip" / "__init__.py").read_text(encoding="utf-8")
    (version,) = re.findall(r'__version__ = "(.+)"', source)
    assert f"## [{version}]" in (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.timeout(300)
def test_wheel_scores_a_photo_away_from_the_checkout(installed: Path, tmp_path: Path) -> None:
    Image.new("RGB", (320, 240), (30, 120, 60)).save(tmp_path / "photo.jpg")
    where = run(installed / "python", "-c", "import photoclip; print(photoclip.__file__)", cwd=tmp_path)
    assert CHECKOUT not in Path(where).parents

    printed = run(installed / "photoclip", "score", "photo.jpg", "a cat", "a dog", "--json", cwd=tmp_path)
    scores = json.loads(printed)["scores"]
    assert [row["text"] for row in scores] == ["a cat", "a dog"]
    assert sum(row["probability"] for row in scores) == pytest.approx(1, abs=1e-3)


def test_desktop_file_is_valid() -> None:
    path = CHECKOUT / "packaging" / "photoclip.desktop"
    if validator := shutil.which("desktop-file-validate"):
        assert run(validator, path, cwd=CHECKOUT) == ""
    desktop = configparser.ConfigParser(interpolation=None)
    desktop.read(path, encoding="utf-8")
    entry = desktop["Desktop Entry"]
    assert entry["Exec"].split()[0] == "photoclip"
    for suffix in (".svg", "-256.png"):
        assert (CHECKOUT / "resources" / "icons" / f"{entry['Icon']}{suffix}").is_file()
