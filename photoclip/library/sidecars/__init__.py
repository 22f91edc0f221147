"""What people and programs wrote about a photo: XMP and IPTC, inside the photo and in sidecars beside it.

Reading: `parsing` (XML, safely), `xmp`, `iptc`, `embedded` and `places` (which sidecar is whose) give one
`Described`. For each value the first that has it counts: `x.jpg.xmp`, `x.xmp`, XMP inside the photo, IPTC.

Writing, on command only: `export` plans and writes, `merging` decides what changes, `splicing` changes those
bytes of a sidecar and no other. A photo itself is never opened for writing.
"""
