"""What formats the catalog names, by kind."""

from __future__ import annotations

from photoclip.pixels import video

RAW_FORMATS = frozenset({"ARW", "CR2", "CR3", "DNG", "NEF", "ORF", "RAF", "RAW", "RW2"})
VIDEO_FORMATS = video.FORMATS
CAMERA_FORMATS = frozenset({"JPEG", "HEIF"})
"""What cameras and phones write beside a RAW file or a live photo's video."""
