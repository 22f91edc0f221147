"""Which model serves a library, and which one takes its place once it has read all photos.

The person's choice is in the settings, the model that serves is in the catalog. While they differ, the one
that serves goes on with its vectors, the chosen one's are made (`changeover`), and when none is lacking the
chosen one serves: one row written. So a kill at any point leaves one of the two, with all its vectors.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from photoclip.errors import ModelError, PhotoClipError
from photoclip.library.catalog.served import Served, forget_served, serve, served
from photoclip.library.encoder import Encoder, EncoderInfo
from photoclip.library.library import Library
from photoclip.library.missing_model import MissingModel
from photoclip.library.pending import readable
from photoclip.settings import choose_model, chosen_model

FindModel = Callable[[str], Encoder]
"""A model by its name; raises ModelError where there is none."""


@dataclass(frozen=True)
class Reading:
    """How many of the `total` photos that can be read are `known` to a model."""

    model: str
    known: int
    total: int


@dataclass(frozen=True)
class _State:
    serving: Encoder
    coming: Encoder | None = None
    problem: str = ""


class LibraryModels:
    """The models of one library. Thread-safe; `close` ends those that it found."""

    def __init__(self, library: Library, find: FindModel, chosen: Encoder | None = None) -> None:
        """`chosen`, where it is at hand, is the model that the person has chosen; it is not closed here."""
        self.library = library
        self._find = find
        self._lent = chosen
        self._found = {} if chosen is None else {chosen_model(library.folder): chosen}
        self._state: _State | None = None
        self._lock = threading.RLock()
        self._listeners: list[Callable[[], None]] = []

    @property
    def serving(self) -> Encoder:
        """The model that searches. Raises ModelError where none can."""
        return self._now().serving

    @property
    def coming(self) -> Encoder | None:
        """The chosen model, while another one serves."""
        return self._now().coming

    @property
    def problem(self) -> str:
        """Why the chosen model cannot be had, while another one serves; else empty."""
        return self._now().problem

    def reading(self) -> Reading | None:
        """How far the coming model is; None where none is coming. Reads the catalog."""
        coming = self.coming
        return None if coming is None else self.known_to(coming.info)

    def known_to(self, info: EncoderInfo) -> Reading:
        """How many of this library's photos a model has read."""
        photos = readable(self.library.catalog)
        store = self.library.vectors(info)
        store.refresh()
        return Reading(info.name, len(photos) - len(store.missing(photos)), len(photos))

    def previous(self) -> Encoder | None:
        """The model that served before and can at once again, if there is one."""
        found = (self._able(model) for model in served(self.library.catalog))
        return next((encoder for encoder in found if encoder not in (None, self.serving)), None)

    def name_of(self, model: Encoder) -> str:
        """The name by which one of these models is found and chosen."""
        return next(name for name, found in self._found.items() if found is model)

    def refresh(self) -> None:
        """Takes notice of what was chosen, or has switched, elsewhere; cheap when nothing did."""
        with self._lock:
            before = self._state
            try:
                self._state = self._resolved()
            except ModelError:
                if before is None:
                    raise
            changed = before is not None and self._state != before
        if changed:
            for listener in tuple(self._listeners):
                listener()

    def choose(self, name: str, *, at_once: bool = False) -> None:
        """Keeps the choice; the model serves as soon as it has read all photos.

        With `at_once`, and where it has served before, it serves now; what it has not read is found later.
        Raises ModelError where there is no such model, PhotoClipError where the choice cannot be kept.
        """
        with self._lock:
            chosen = self._encoder(name)
            if isinstance(chosen, MissingModel):  # it may have come since
                chosen = self._found[name] = self._find(name)
            self._write_down_before(name)
            try:
                choose_model(self.library.folder, name)
            except OSError as error:
                folder = self.library.folder
                raise PhotoClipError(f"The choice cannot be kept in {folder} ({error.strerror}).") from error
            known = {model.key for model in served(self.library.catalog)}
            if at_once or (chosen.info.key in known and self._has_read(chosen)):
                self._serve(chosen)
        self.settle()

    def switch_back(self) -> str:
        """Undoes the last choice at once: stops a model that is coming, or lets the previous one serve again.

        Returns the name of the model that serves. Raises PhotoClipError where there is none to go back to.
        """
        back = self.serving if self.coming is not None else self.previous()
        if back is None:
            raise PhotoClipError("There is no other model to go back to: no other has read these photos.")
        name = self.name_of(back)
        self.choose(name)
        return name

    def settle(self) -> bool:
        """Lets the coming model serve if it has read all photos; says whether it does now.

        Where none is coming, the one that serves is written down, for when another is chosen.
        """
        self.refresh()
        with self._lock:
            coming = self.coming
            if coming is None:
                self._write_down()
                return False
            reading = self.known_to(coming.info)
            if reading.known < reading.total:
                return False
            self._serve(coming)
        self.refresh()
        return True

    def drop_others(self) -> None:
        """Deletes the vectors of all but the two models of a change: those of the one before it.

        Raises LibraryBusy.
        """
        state = self._now()
        if state.coming is None:
            return
        with self.library.writer_lock():
            for key in self.library.vector_keys() - {state.serving.info.key, state.coming.info.key}:
                self._drop(key)

    def forget(self, name: str) -> None:
        """Deletes the vectors of a model that neither serves nor is coming.

        Raises PhotoClipError for one that does, or that has no vectors here, and LibraryBusy.
        """
        state = self._now()
        keys = {model.key for model in served(self.library.catalog) if model.name == name}
        keys |= {encoder.info.key for encoder in [self._known(name)] if encoder is not None}
        in_use = {encoder.info.key for encoder in (state.serving, state.coming) if encoder is not None}
        if keys & in_use:
            raise PhotoClipError(f"{name} is in use; choose another first with: photoclip models use NAME")
        keys &= self.library.vector_keys()
        if not keys:
            raise PhotoClipError(f"{name} has read no photos of this library.")
        with self.library.writer_lock():
            for key in keys:
                self._drop(key)

    def let_go(self, name: str) -> None:
        """Looks for this model anew when it is next wanted: it was deleted, or replaced. One in use stays."""
        with self._lock:
            state = self._now()
            found = self._found.get(name)
            if found is None or found in (state.serving, state.coming):
                return
            del self._found[name]
            self._end(found)

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Calls `listener` after each change of these models, in any thread; returns the way to stop it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def close(self) -> None:
        """Ends every model that was found here and has a process."""
        for encoder in self._found.values():
            self._end(encoder)

    def _end(self, encoder: Encoder) -> None:
        end = getattr(encoder, "close", None)
        if end is not None and encoder is not self._lent:
            end()

    def _now(self) -> _State:
        if self._state is None:
            self.refresh()
        assert self._state is not None
        return self._state

    def _resolved(self) -> _State:
        name = chosen_model(self.library.folder)
        chosen = self._encoder(name)
        before = next(iter(served(self.library.catalog)), None)
        old = None if before is None or before.key == chosen.info.key else self._able(before)
        if old is None:
            return _State(chosen)
        if isinstance(chosen, MissingModel):
            return _State(old, problem=chosen.reason)
        return _State(old, chosen)

    def _encoder(self, name: str) -> Encoder:
        """Always the same one for a name, so that a model is in memory once."""
        found = self._found.get(name)
        if found is None:
            found = self._found[name] = self._find(name)
        return found

    def _known(self, name: str) -> Encoder | None:
        try:
            return self._encoder(name)
        except ModelError:
            return None

    def _able(self, model: Served) -> Encoder | None:
        """The model, if it is still on this machine as it was, and has vectors."""
        found = self._known(model.name)
        if found is None or found.info.key != model.key:
            return None
        return found if self._has_read(found) else None

    def _has_read(self, model: Encoder) -> bool:
        store = self.library.vectors(model.info)
        store.refresh()
        return len(store) > 0

    def _write_down_before(self, name: str) -> None:
        """Which model serves is written down before another is chosen; one that is broken serves no more."""
        if name != chosen_model(self.library.folder):
            try:
                self._write_down()
            except ModelError:
                return

    def _write_down(self) -> None:
        state = self._now()
        latest = next(iter(served(self.library.catalog)), None)
        same = latest is not None and latest.key == state.serving.info.key
        if not same and self._has_read(state.serving):
            self._serve(state.serving)

    def _serve(self, encoder: Encoder) -> None:
        serve(self.library.catalog, Served(self.name_of(encoder), encoder.info.key))

    def _drop(self, key: str) -> None:
        """The row first: what has no row is a model that was never read with, whatever files are left."""
        forget_served(self.library.catalog, key)
        self.library.drop_vectors(key)
