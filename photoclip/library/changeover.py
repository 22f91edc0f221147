"""From one model to another while the first one serves: the photos are read again, then the other serves."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace

from photoclip.library.decoding import Decoders
from photoclip.library.ingest import fill
from photoclip.library.models import LibraryModels
from photoclip.library.progress import Progress


def catch_up(
    models: LibraryModels,
    *,
    folder_ids: Iterable[int] | None = None,
    stop: threading.Event | None = None,
    workers: int | None = None,
    decoders: Decoders | None = None,
) -> Iterator[Progress]:
    """Lets the coming model read the photos that it does not know, and serve when it knows them all.

    Nothing where none is coming. The vectors of a third model are deleted first: two sets are kept. Photos
    that are new meanwhile are the business of `index` with the model that serves. Raises as `index` does.
    """
    coming = models.coming
    if coming is None:
        return
    stop = stop or threading.Event()
    models.drop_others()
    for step in fill(
        models.library, coming, folder_ids=folder_ids, stop=stop, workers=workers, decoders=decoders
    ):
        if step.phase == "done" and not stop.is_set() and models.settle():
            step = replace(
                step, message=f"{coming.info.name} has read your photos; searches use it from now on."
            )
        yield step
