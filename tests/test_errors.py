from __future__ import annotations

import pickle

from photoclip import errors
from photoclip.errors import PhotoClipError, QueryError


def test_errors_cross_processes() -> None:
    query = pickle.loads(pickle.dumps(QueryError("Expected a date.", 5, "a date")))
    assert (str(query), query.position, query.expected) == ("Expected a date.", 5, "a date")
    for name in ("UnreadablePhoto", "CatalogDamaged", "LibraryBusy", "ModelError", "DiskFull"):
        error = pickle.loads(pickle.dumps(getattr(errors, name)("One sentence.")))
        assert isinstance(error, PhotoClipError)
        assert str(error) == "One sentence."
