"""The person's own models: published ones downloaded, others taken in from a file, removed again.

collection   get, install, remove: what is in the folder, each change by one rename
hub          where a published model lies and in which order to ask
download     one file over HTTP: resumed, checked, stopped
faults       what went wrong, as a sentence; unfinished, room, job: leftovers, disk space, progress
"""

from photoclip.clip.store.collection import get, install, remove

__all__ = ["get", "install", "remove"]
