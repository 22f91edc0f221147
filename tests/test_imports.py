"""The library and the terminal live without torch and Qt, and the window starts without torch."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

PROBE = textwrap.dedent(
    """
    import importlib, importlib.abc, pkgutil, sys

    roots, blocked = sys.argv[1].split(","), set(sys.argv[2].split(","))

    class Blocked(importlib.abc.MetaPathFinder):
        def find_spec(self, name, path=None, target=None):
            if any(name == one or name.startswith(one + ".") for one in blocked):
                raise AssertionError(f"{name} was imported")

    sys.meta_path.insert(0, Blocked())
    for root in roots:
        package = importlib.import_module(root)
        for module in pkgutil.walk_packages(getattr(package, "__path__", []), root + "."):
            importlib.import_module(module.name)
            print(module.name)
    """
)


@pytest.mark.parametrize(
    ("roots", "blocked"),
    [
        (
            "photoclip.library,photoclip.pixels,photoclip.settings",
            "torch,torchvision,safetensors,PySide6,qtawesome",
        ),
        ("photoclip.cli,photoclip.app", "torch,safetensors,PySide6,qtawesome"),
        ("photoclip.gui", "torch,safetensors,hnswlib"),
        ("photoclip.clip", "PySide6,qtawesome,photoclip.library"),
    ],
    ids=["library", "terminal", "window", "model"],
)
def test_imports_only_what_it_may(roots: str, blocked: str) -> None:
    result = subprocess.run(
        [sys.executable, "-c", PROBE, roots, blocked],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout, "nothing was imported: the probe has lost its subject"
