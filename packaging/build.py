"""Builds the stand-alone program with PyInstaller into dist/photoclip/ and starts it: `make package`."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PORTABLE = ROOT / "build" / "portable"
PROGRAM = ROOT / "dist" / "photoclip"


def main() -> int:
    build_portable_hnswlib()
    environment = os.environ | {"PYTHONPATH": str(PORTABLE)}
    freeze = ("-m", "PyInstaller", "--noconfirm", "--log-level", "WARN", "packaging/photoclip.spec")
    subprocess.run([sys.executable, *freeze], cwd=ROOT, env=environment, check=True)
    megabytes = sum(path.stat().st_size for path in PROGRAM.rglob("*") if not path.is_symlink()) / 1e6
    print(f"{PROGRAM}: {megabytes:,.0f} MB")
    return subprocess.run([sys.executable, "packaging/smoke.py", PROGRAM / "photoclip"], cwd=ROOT).returncode


def build_portable_hnswlib() -> None:
    """Compiles hnswlib for any processor of this kind; pip's own is tuned to the compiling machine."""
    if any(PORTABLE.glob("hnswlib*.so")) or any(PORTABLE.glob("hnswlib*.pyd")):
        return
    wanted = f"hnswlib=={version('hnswlib')}"
    options = ("--no-deps", "--no-cache-dir", "--no-binary", "hnswlib", "--target", str(PORTABLE), "--quiet")
    environment = os.environ | {"HNSWLIB_NO_NATIVE": "1"}
    subprocess.run([sys.executable, "-m", "pip", "install", *options, wanted], env=environment, check=True)


if __name__ == "__main__":
    sys.exit(main())
