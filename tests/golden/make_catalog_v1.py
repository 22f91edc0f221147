"""Writes catalog_v1.sql: a small catalog as the first version of PhotoClip made it.

It was made once, with the version named in it, and is kept as it is: later versions must open it.

    python tests/golden/make_catalog_v1.py > tests/golden/catalog_v1.sql
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from photoclip.library.catalog import albums, labels, photos
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.folders import add_folder
from photoclip.library.catalog.indexing import IndexedPhoto, record_batch
from photoclip.library.catalog.schema import APPLICATION_ID


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        catalog = Catalog(Path(name) / "catalog.sqlite")
        folder = add_folder(catalog, name.encode()).created
        assert folder is not None
        record_batch(
            catalog,
            [
                IndexedPhoto(
                    b"/photos/%d.jpg" % i, folder, 1000, 10**18, bytes([i]) * 16, 40, 30, "JPEG", 255
                )
                for i in range(1, 4)
            ],
        )
        label = labels.add_label(catalog, "Beach", ["a sandy beach"]).created
        assert label is not None
        labels.label_photos(catalog, label, [1, 2])
        labels.reject_photos(catalog, label, [3])
        albums.create_album(catalog, "Trip", [3, 1])
        photos.rate(catalog, [2], 5)
        with catalog.write() as connection:
            connection.execute("UPDATE folder SET path = ?", (b"/photos",))
            connection.execute("UPDATE change SET description = 'Add the folder /photos' WHERE id = 1")
            print(f"PRAGMA application_id={APPLICATION_ID};\nPRAGMA user_version=1;")
            for line in connection.iterdump():
                print(line)
        catalog.close()


if __name__ == "__main__":
    main()
