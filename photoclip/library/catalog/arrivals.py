"""Photos that are new or have another content, until the labels that are kept applied were put on them.

The mark is written with the photo and taken off after labelling, so that a kill in between costs no label.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.presence import IN_IDS, ids_json


def mark_arrival(connection: sqlite3.Connection, photo_id: int) -> None:
    """Part of the transaction that writes the photo."""
    connection.execute("INSERT OR IGNORE INTO arrival(photo_id) VALUES(?)", (photo_id,))


def arrivals(catalog: Catalog) -> dict[int, bytes]:
    """The hash of the content of each photo that waits for labels."""
    ids, hashes = catalog.columns(
        "SELECT arrival.photo_id, content.hash FROM arrival JOIN photo ON photo.id = arrival.photo_id"
        " JOIN content ON content.id = photo.content_id"
    )
    return dict(zip(ids, hashes, strict=True))


def settle_arrivals(catalog: Catalog, photo_ids: Iterable[int]) -> None:
    """These photos wait no longer."""
    with catalog.write(durable=False) as connection:
        connection.execute(f"DELETE FROM arrival WHERE photo_id {IN_IDS}", (ids_json(photo_ids),))
