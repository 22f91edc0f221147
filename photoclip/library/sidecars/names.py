"""The names of XMP: namespaces, and properties as "{namespace}name"."""

from __future__ import annotations

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
PREFIXES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "digiKam": "http://www.digikam.org/ns/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "mwg-rs": "http://www.metadataworkinggroup.com/schemas/regions/",
    "stArea": "http://ns.adobe.com/xmp/sType/Area#",
    "photoclip": "urn:photoclip:xmp:1.0/",
}


def named(name: str) -> str:
    """`dc:subject` with its namespace written out.

    >>> named("dc:subject")
    '{http://purl.org/dc/elements/1.1/}subject'
    """
    prefix, _, local = name.partition(":")
    return f"{{{PREFIXES[prefix]}}}{local}"


RDF_RDF, RDF_DESCRIPTION, RDF_LI, RDF_ABOUT = (f"{{{RDF}}}{n}" for n in ("RDF", "Description", "li", "about"))
CONTAINERS = frozenset(f"{{{RDF}}}{name}" for name in ("Bag", "Seq", "Alt"))

KEYWORDS = "dc:subject"
RATING = "xmp:Rating"
# Keywords with all that they lie in, and what parts the levels; by Lightroom and darktable, and by digiKam.
HIERARCHIES = {"lr:hierarchicalSubject": "|", "digiKam:TagsList": "/"}
# Ours: which keywords PhotoClip wrote, for a person's labels and for automatic ones, and which rating.
LABELS = "photoclip:Labels"
AUTOMATIC_LABELS = "photoclip:AutomaticLabels"
WRITTEN_RATING = "photoclip:WrittenRating"
