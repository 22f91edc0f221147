"""PhotoClip: find photos on your own disks by typing what you remember."""

__version__ = "0.1.0"
