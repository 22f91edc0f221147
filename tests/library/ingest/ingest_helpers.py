"""Indexing to the end, and what must hold after it."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from photoclip.library.catalog.photos import load_table
from photoclip.library.decoding import Decoders
from photoclip.library.ingest import index
from photoclip.library.library import Library
from photoclip.library.progress import Progress
from tests.library.fakes import FAKE_INFO, FakeEncoder


def run(library: Library, decoders: Decoders, **options: Any) -> Progress:
    """Index to the end; the last step, with all photos and searchable ones of the run."""
    encoder = options.pop("encoder", None) or FakeEncoder()
    steps = list(index(library, encoder, decoders=decoders, **options))
    everything = frozenset[int]().union(*(step.photos for step in steps))
    searchable = frozenset[int]().union(*(step.searchable for step in steps))
    assert steps[-1].phase == "done"
    return Progress(**{**vars(steps[-1]), "photos": everything, "searchable": searchable})


def settled(path: Path) -> Path:
    """Make a file look as if it was written a while ago: nobody is writing it any more."""
    os.utime(path, (time.time() - 3600,) * 2)
    return path


def assert_complete(library: Library, count: int) -> None:
    """`count` photos are there, each with thumbnail and vector."""
    table = load_table(library.catalog)
    assert len(table.ids) == count
    hashes = [
        bytes(row["hash"]) for row in library.catalog.query("SELECT hash FROM photo WHERE presence = 2")
    ]
    assert library.thumbnails.missing(hashes) == set()
    assert library.vectors(FAKE_INFO).missing(hashes) == set()
