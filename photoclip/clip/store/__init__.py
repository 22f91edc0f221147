"""The person's own models: published ones downloaded, others taken in from a file, removed again.

collection   get, get_repository, install, remove: what is in the folder, each change by one rename
hub          where a published model lies and in which order to ask
repositories any other repository of the hub: its licence, its files, their download
download     one file over HTTP: resumed, checked, stopped
faults       what went wrong, as a sentence; unfinished, room, job: leftovers, disk space, progress
"""

from photoclip.clip.store.collection import get, get_repository, install, remove

__all__ = ["get", "get_repository", "install", "remove"]
