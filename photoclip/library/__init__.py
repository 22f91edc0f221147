"""The library: photos, catalog, ingest, vectors, search, labels. No Qt, no torch."""
