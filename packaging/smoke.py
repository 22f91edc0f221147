"""Starts a built program and sees that it works: version, scoring a photo, indexing, searching, the window.

python packaging/smoke.py dist/photoclip/photoclip
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw

SECONDS = 300


def main(program: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="photoclip-smoke-") as name:
        folder = Path(name)
        photos = folder / "photos"
        photos.mkdir()
        make_photos(photos)

        said = start(program, folder, "--version")
        assert "." in said, said
        scores = json.loads(
            start(program, folder, "score", photos / "disc.jpg", "a cat", "a red disc", "--json")
        )
        assert len(scores["scores"]) == 2, scores
        indexed = json.loads(start(program, folder, "index", photos, "--json"))
        assert (indexed["found"], indexed["embedded"]) == (2, 2), indexed
        found = json.loads(start(program, folder, "search", "a red disc", "--json"))
        assert len(found["results"]) == 2, found
        png = folder / "window.png"
        start(program, folder, "demo", photos, "--png", png)
        with Image.open(png) as window:
            assert len(window.convert("RGB").getcolors(1 << 24)) > 50, "the rendered window is empty"
    print(f"{program}: version, score, index, search and window work")


def make_photos(folder: Path) -> None:
    for name, colour in (("disc", "red"), ("square", "blue")):
        picture = Image.new("RGB", (640, 480), "white")
        draw = ImageDraw.Draw(picture)
        (draw.ellipse if name == "disc" else draw.rectangle)((220, 140, 420, 340), fill=colour)
        picture.save(folder / f"{name}.jpg", quality=90)


def start(program: Path, folder: Path, *arguments: str | Path) -> str:
    """Runs the program away from the checkout, with a library of its own and no display."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment |= {"PHOTOCLIP_LIBRARY": str(folder / "library"), "QT_QPA_PLATFORM": "offscreen"}
    command = [str(program.resolve()), *map(str, arguments)]
    result = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)}\nexit status {result.returncode}\n{result.stdout}\n{result.stderr}")
    return result.stdout


if __name__ == "__main__":
    main(Path(sys.argv[1]))
