"""XML from anywhere, parsed with entities, document types and the network off, and within a size."""

from __future__ import annotations

from lxml import etree

from photoclip.library.sidecars.described import SIZE_LIMIT, UnreadableXmp


def parse(data: bytes, *, forgiving: bool) -> etree._Element:
    """The root of an XML text, without comments; `forgiving` takes what can be had of a broken one.

    Raises UnreadableXmp: too large, a document type (which entities need, and XMP forbids), not XML.
    """
    if len(data) > SIZE_LIMIT:
        raise UnreadableXmp(f"The metadata is larger than the {SIZE_LIMIT >> 20} MiB that PhotoClip reads.")
    if b"<!DOCTYPE" in data.replace(b"\0", b""):  # the zeros of UTF-16 and UTF-32 hide nothing
        raise _document_type()
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        recover=forgiving,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise UnreadableXmp(f"The metadata is not well-formed XML ({error.msg}).") from error
    if root is None:
        raise UnreadableXmp("There is no XML in the metadata.")
    if root.getroottree().docinfo.internalDTD is not None:  # in an encoding of another kind
        raise _document_type()
    return root


def _document_type() -> UnreadableXmp:
    return UnreadableXmp("The metadata declares a document type, which XMP does not allow (an XML bomb?).")
