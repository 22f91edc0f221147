"""A made-up catalog of any size, always the same for the same seed, for benchmarks and large tests.

    python tests/library/synthetic.py FOLDER [PHOTOS]

No photo files exist; the rows are written straight into the tables, so that 100,000 photos take seconds.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from photoclip.library.catalog.connection import Catalog

DAY = 86_400.0
NEWEST = 1_760_000_000.0  # October 2025
SIZES = ((4000, 3000), (3000, 4000), (6000, 4000), (4032, 3024), (1080, 1920), (2048, 2048))
CAMERAS = (None, "FUJIFILM X100V", "Canon EOS R6", "Apple iPhone 14", "NIKON Z 6")
LABELS = ("Beach", "Mountains", "Food", "Dogs", "Family", "Receipts")
ROOT = b"/synthetic/photos"


def fill(
    catalog: Catalog,
    photos: int = 100_000,
    *,
    seed: int = 0,
    root: bytes = ROOT,
    thumbnails: Callable[[Iterator[tuple[bytes, int]]], None] | None = None,
) -> None:
    """Adds a watched folder with `photos` photos in a tree by year and month, six labels and two albums.

    `thumbnails` is called once with (content hash, colour 0xRRGGBB) of every photo, for whoever wants to
    store pictures for them.
    """
    random = np.random.default_rng(seed)
    hashes = [random.bytes(16) for _ in range(photos)]
    colours = random.integers(0, 1 << 24, photos).tolist()
    taken = (NEWEST - np.sort(random.exponential(1500.0, photos)) * DAY).round().tolist()
    sizes = [SIZES[i] for i in random.integers(0, len(SIZES), photos)]
    with catalog.write(durable=False) as connection:
        now = time.time()
        folder = connection.execute(
            "INSERT INTO folder(path, added_at) VALUES(?, ?) RETURNING id", (root, now)
        ).fetchone()[0]
        first = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM photo").fetchone()[0]
        ids = range(first, first + photos)
        connection.executemany(
            "INSERT INTO content(id, hash, bytes, width, height, format, taken_at, camera, colour)"
            " VALUES(?, ?, ?, ?, ?, 'JPEG', ?, ?, ?)",
            (
                (i, h, 4_000_000, w, t, at, CAMERAS[i % 5], c)
                for i, h, (w, t), at, c in zip(ids, hashes, sizes, taken, colours, strict=True)
            ),
        )
        connection.executemany(
            "INSERT INTO photo(id, content_id, added_at, rating, favourite, taken_at, colour, width,"
            " height, hash) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (i, i, now, i % 6 if i % 4 == 0 else 0, i % 50 == 0, at, c, w, t, h)
                for i, h, (w, t), at, c in zip(ids, hashes, sizes, taken, colours, strict=True)
            ),
        )
        connection.executemany(
            "INSERT INTO file(photo_id, content_id, folder_id, path, size, mtime_ns)"
            " VALUES(?, ?, ?, ?, 4000000, ?)",
            ((i, i, folder, _path(root, i, at), int(at * 1e9)) for i, at in zip(ids, taken, strict=True)),
        )
        _labels_and_albums(connection.executemany, ids, random)
    if thumbnails is not None:
        thumbnails(zip(hashes, colours, strict=True))


def _path(root: bytes, i: int, taken: float) -> bytes:
    return root + time.strftime("/%Y/%m", time.gmtime(taken)).encode() + b"/IMG_%06d.jpg" % i


def _labels_and_albums(
    execute: Callable[[str, Iterable[tuple[object, ...]]], object], ids: range, random: np.random.Generator
) -> None:
    execute(
        "INSERT OR IGNORE INTO label(id, name, descriptions, threshold, position) VALUES(?, ?, '[]', 0.5, ?)",
        ((n, name, n) for n, name in enumerate(LABELS, start=1)),
    )
    execute(
        "INSERT OR IGNORE INTO album(id, name, position) VALUES(?, ?, ?)", ((1, "Best", 1), (2, "Trip", 2))
    )
    count = len(ids) // 20
    for label in range(1, len(LABELS) + 1):
        chosen = random.choice(np.asarray(ids), count, replace=False).tolist()
        execute(
            "INSERT OR IGNORE INTO photo_label VALUES(?, ?, ?, 1, ?)",
            ((i, label, "auto" if i % 3 else "human", 0.8) for i in chosen),
        )
    for album in (1, 2):
        chosen = random.choice(np.asarray(ids), count // 10, replace=False).tolist()
        execute(
            "INSERT OR IGNORE INTO album_photo VALUES(?, ?, ?)", ((album, i, n) for n, i in enumerate(chosen))
        )


def main() -> None:
    """Makes a library folder's catalog, for trying the window on a large library by hand."""
    folder = Path(sys.argv[1])
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    catalog = Catalog(folder / "catalog.sqlite")
    fill(catalog, int(sys.argv[2]) if len(sys.argv) > 2 else 100_000, root=os.fsencode(folder / "photos"))
    catalog.close()


if __name__ == "__main__":
    main()
