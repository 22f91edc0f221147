"""What PhotoClip costs in time and memory, measured on the machine at hand: `make bench`."""
