"""That a picture moves is kept with its content."""

from __future__ import annotations

from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.indexing import record_batch
from photoclip.library.catalog.photos import details
from tests.library.catalog.catalog_helpers import at, indexed


def test_animations_are_marked(catalog: Catalog, folder: int) -> None:
    moving = indexed(b"/p/a.gif", folder, "moving", animated=True)
    record_batch(catalog, [moving, indexed(b"/p/b.jpg", folder, "still")])
    assert details(catalog, at(catalog, b"/p/a.gif")).animated
    assert not details(catalog, at(catalog, b"/p/b.jpg")).animated
    record_batch(
        catalog, [indexed(b"/p/a.gif", folder, "moving")]
    )  # read again, by a reader that knows better
    assert not details(catalog, at(catalog, b"/p/a.gif")).animated
