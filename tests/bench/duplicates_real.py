"""`python -m tests.bench.duplicates_real`: how many re-saved real photos are found, and how many in error.

The first photos of `flickr8k.zip` (PHOTOCLIP_TEST_DATA) are saved again in nine ways, and looked for among
others that they have nothing to do with. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image, ImageEnhance

SECONDS = 1800
Way = Callable[[Image.Image], Image.Image]


def scaled(share: float) -> Way:
    return lambda image: image.resize((round(image.width * share), round(image.height * share)))


def cropped(share: float) -> Way:
    return lambda image: image.crop(
        (
            round(image.width * share),
            round(image.height * share),
            round(image.width * (1 - share)),
            round(image.height * (1 - share)),
        )
    )


WAYS: dict[str, tuple[Way, int]] = {
    "JPEG of quality 75": (lambda image: image, 75),
    "JPEG of quality 30": (lambda image: image, 30),
    "half the size": (scaled(0.5), 85),
    "a quarter of the size": (scaled(0.25), 85),
    "2 % cut off each side": (cropped(0.02), 88),
    "5 % cut off each side": (cropped(0.05), 88),
    "a fifth brighter": (lambda image: ImageEnhance.Brightness(image).enhance(1.2), 88),
    "a fifth more contrast": (lambda image: ImageEnhance.Contrast(image).enhance(1.2), 88),
    "grey": (lambda image: image.convert("L"), 88),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--saved", type=int, default=300, help="photos saved again (default: %(default)s)")
    parser.add_argument("--others", type=int, default=1000, help="photos beside them (default: %(default)s)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="photoclip-bench-") as name:
        photos = Path(name, "photos")
        make_photos(photos, arguments.saved, arguments.others)
        _photoclip(name, "index", photos)
        groups = _photoclip(name, "duplicates", "--tier", "same")["groups"]
    print(table(groups, arguments.saved))


def make_photos(folder: Path, saved: int, others: int) -> None:
    folder.mkdir()
    ways = list(WAYS.values())
    with zipfile.ZipFile(Path(os.environ["PHOTOCLIP_TEST_DATA"], "starter-data", "flickr8k.zip")) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".webp"))
        for number, name in enumerate(names[: saved + others]):
            data = archive.read(name)
            (folder / f"{number}.webp").write_bytes(data)
            if number < saved:
                image = Image.open(io.BytesIO(data)).convert("RGB")
                for at, (way, quality) in enumerate(ways):
                    way(image).save(folder / f"{number}_{at}.jpg", quality=quality)


def table(groups: list[dict[str, Any]], saved: int) -> str:
    """By way how many are grouped with what is of the same photo; and how many pairs are not of one photo."""
    found, pairs, wrong = Counter[str](), 0, []
    for group in groups:
        keeper = Path(group["keeper"]["path"]).stem.partition("_")
        others = [Path(other["path"]).stem.partition("_") for other in group["others"]]
        pairs += len(others)
        wrong += [(keeper[0], other[0]) for other in others if other[0] != keeper[0]]
        found.update(member[2] for member in (keeper, *others))
    lines = ["| saved again as | found |", "|---|---|"]
    for at, way in enumerate(WAYS):
        lines.append(f"| {way} | {100 * found[str(at)] / saved:.1f} % |")
    lines += ["", f"{pairs} pairs in {len(groups)} groups, {len(wrong)} of two photos: {wrong}"]
    return "\n".join(lines)


def _photoclip(folder: str, *arguments: str | Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "photoclip", "--library", str(Path(folder, "library")), "--json"]
    done = subprocess.run(
        [*command, *map(str, arguments)], check=True, timeout=SECONDS, stdout=subprocess.PIPE
    )
    document: dict[str, Any] = json.loads(done.stdout)
    return document


if __name__ == "__main__":
    main()
