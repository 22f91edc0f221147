"""What a terminal command does to a library: each line of stdin is one step, answered by "done".

["watch", FOLDER]            adds a folder
["index"]                    indexes everything, as soon as no other process does
["label", NAME, PATHS]       labels the photos at these paths, and makes the label
["undo"]
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from photoclip.errors import LibraryBusy
from photoclip.library.catalog.changes import undo
from photoclip.library.catalog.folders import add_folder
from photoclip.library.catalog.labels import add_label, label_photos
from photoclip.library.catalog.photos import photo_at
from photoclip.library.ingest import index
from photoclip.library.library import Library
from tests.library.fakes import FakeEncoder


def index_when_free(library: Library) -> None:
    while True:
        try:
            for _ in index(library, FakeEncoder(), workers=1):
                pass
            return
        except LibraryBusy:
            time.sleep(0.05)


def do(library: Library, step: list[object]) -> None:
    match step:
        case ["watch", str(folder)]:
            add_folder(library.catalog, folder.encode())
        case ["index"]:
            index_when_free(library)
        case ["label", str(name), list(paths)]:
            label = add_label(library.catalog, name).created
            assert label is not None
            found = [photo_at(library.catalog, path.encode()) for path in paths]
            label_photos(library.catalog, label, [photo for photo in found if photo is not None])
        case ["undo"]:
            undo(library.catalog)
        case _:
            raise ValueError(f"no such step: {step}")


def main() -> None:
    with Library.open(Path(sys.argv[1])) as library:
        for line in sys.stdin:
            do(library, json.loads(line))
            sys.stdout.write("done\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
