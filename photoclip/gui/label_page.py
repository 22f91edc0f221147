"""A label's page: its words, where its line is, what it will tag. Nothing is tagged before it is seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from photoclip.errors import PhotoClipError
from photoclip.gui.label_form import Draft
from photoclip.gui.label_view import LabelView, Places
from photoclip.gui.session import Session
from photoclip.library import labelling
from photoclip.library.catalog import albums, folders, labels
from photoclip.library.labelling import LabelPreview, Scope

if TYPE_CHECKING:
    from photoclip.library.catalog.changes import Change
    from photoclip.library.catalog.connection import Catalog
    from photoclip.library.catalog.labels import Label

TYPING_MS = 250
DRAGGING_MS = 80
CONCERNED = frozenset({"label", "photo_label", "photo", "album_photo", "folder"})


@dataclass(frozen=True)
class Request:
    """All that a preview depends on; Apply waits until the preview of just this was shown."""

    meaning: tuple[str, ...]
    threshold: float
    scope: Scope
    label_id: int | None


class LabelPage(QWidget):
    """Edit one label, see what it would tag, teach it, and apply it."""

    closed = Signal()
    photo_activated = Signal(int, list)  # the photo, and those it is shown with

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._label: Label | None = None
        self._preview: LabelPreview | None = None
        self._seen: Request | None = None
        self.view = LabelView(session)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._look)
        self._connect()

    def edit(self, label_id: int | None, scope: Scope) -> None:
        """Show a label, or an empty form for a new one; `scope` is what was on the screen."""
        self._preview = self._seen = None
        catalog = self._session.library.catalog
        self._session.compute(
            lambda _cancelled: _load(catalog, label_id),
            lambda found: self._fill(*found, scope),
            key="label-page",
        )

    def _connect(self) -> None:
        view = self.view
        view.back.clicked.connect(self.closed)
        view.form.edited.connect(lambda: self._schedule(TYPING_MS))
        view.scope.currentIndexChanged.connect(lambda _place: self._schedule(0))
        view.histogram.threshold_changed.connect(self._move_line)
        view.keep_applied.toggled.connect(lambda _on: self._show_state())
        view.save.clicked.connect(lambda: self._session.mutate(self._saver(), self._on_saved))
        view.apply.clicked.connect(self._apply)
        view.delete.clicked.connect(self._delete)
        for strip in (view.above, view.below):
            strip.chosen.connect(lambda photo, strip=strip: self.photo_activated.emit(photo, strip.ids))
            strip.taught.connect(self._teach)
        self._session.changed.connect(self._on_change)

    def take_focus(self, photo: int) -> None:
        """The keyboard, at this photo if it is one of those near the line."""
        strips = (self.view.above, self.view.below)
        if not any(strip.focus_photo(photo) for strip in strips):
            self.view.histogram.setFocus()

    # -- what is shown

    def _fill(self, label: Label | None, places: Places, scope: Scope) -> None:
        self._label = label
        self.view.show_label(label, labels.DEFAULT_THRESHOLD)
        self.view.show_places(places, scope)
        self._schedule(0)
        (self.view.form.name if label is None else self.view.histogram).setFocus()

    def _request(self) -> Request:
        view = self.view
        return Request(
            view.form.draft.meaning,
            view.histogram.threshold,
            view.scope.currentData() or Scope("all"),
            self._label.id if self._label else None,
        )

    def _schedule(self, after_ms: int) -> None:
        self._show_state()
        self._timer.start(after_ms)

    def _look(self) -> None:
        request = self._request()
        if not request.meaning:
            self._session.cancel("label-preview")
            self._preview = self._seen = None
            self.view.show_nothing()
            self._show_state()
            return
        session = self._session
        session.compute(
            lambda _cancelled: labelling.preview(
                session.engine, request.meaning, request.threshold, request.scope, request.label_id
            ),
            lambda preview: self._show_preview(request, preview),
            key="label-preview",
            failed=self._on_failure,
        )

    def _on_failure(self, error: PhotoClipError) -> None:
        self.view.show_looking(False, loading=False)
        self._session.message.emit("error", str(error))

    def _show_preview(self, request: Request, preview: LabelPreview) -> None:
        self._preview, self._seen = preview, request
        self.view.show_preview(preview, request.label_id)
        self._show_state()

    def _move_line(self, threshold: float) -> None:
        """While the handle is dragged the count follows at once; the rest a moment later."""
        if self._preview is not None:
            self.view.show_count(int(np.count_nonzero(self._preview.scores >= threshold)), 0)
        self._schedule(DRAGGING_MS)

    def _show_state(self) -> None:
        draft = self.view.form.draft
        seen = self._seen is not None and self._seen == self._request()
        self.view.save.setEnabled(bool(draft.name) and self._unsaved(draft))
        self.view.apply.setEnabled(bool(draft.name) and seen)
        self.view.show_looking(bool(draft.meaning) and not seen, loading=self._preview is None)

    def _unsaved(self, draft: Draft) -> bool:
        saved, view = self._label, self.view
        return saved is None or (
            (saved.name, tuple(saved.descriptions), round(saved.threshold, 2), saved.keep_applied)
            != (draft.name, draft.descriptions, view.histogram.threshold, view.keep_applied.isChecked())
        )

    def _on_change(self, change: Change) -> None:
        if not self.isVisible() or not CONCERNED & change.tables:
            return
        if self._label is not None and "label" in change.tables:
            self._adopt(self._label.id)
        self._seen = None
        self._schedule(TYPING_MS)

    def _show_saved(self, label: Label | None) -> None:
        """The label was changed, here or elsewhere; when it is gone the page has nothing to show."""
        if label is None:
            self.closed.emit()
        elif label != self._label:
            clean = not self._unsaved(self.view.form.draft)
            self._label = label
            if clean:
                self.view.show_label(label, label.threshold)
            self.view.title.setText(label.name)
            self._show_state()

    # -- what is done

    def _saver(self) -> Callable[[Catalog], Change | None]:
        """The mutation that makes the catalog say what the form says."""
        draft, label = self.view.form.draft, self._label
        threshold, keep = self.view.histogram.threshold, self.view.keep_applied.isChecked()

        def save(catalog: Catalog) -> Change | None:
            if label is None:
                made = labels.add_label(catalog, draft.name, draft.descriptions, threshold)
                if keep and made.created is not None:
                    labels.edit_label(catalog, made.created, keep_applied=True)
                return made
            return labels.edit_label(
                catalog,
                label.id,
                name=draft.name,
                descriptions=draft.descriptions,
                threshold=threshold,
                keep_applied=keep,
            )

        return save

    def _on_saved(self, change: Change | None) -> None:
        label_id = self._label.id if self._label else change.created if change else None
        if label_id is not None:
            self._adopt(label_id)

    def _adopt(self, label_id: int) -> None:
        """Go on with the label as the catalog has it now."""
        catalog = self._session.library.catalog
        self._session.compute(
            lambda _cancelled: _find(catalog, label_id), self._show_saved, key="label-page-saved"
        )

    def _with_label(
        self,
        act: Callable[[Catalog, int], Change | None],
        done: Callable[[Change | None], None] | None = None,
    ) -> None:
        """Do something with the label, saving it first where the form says something new."""
        save = self._saver() if self._unsaved(self.view.form.draft) else None
        known = self._label.id if self._label else None
        ids: list[int] = []

        def work(catalog: Catalog) -> Change | None:
            saved = save(catalog) if save else None
            label_id = saved.created if known is None and saved else known
            if label_id is None:
                return None
            ids.append(label_id)
            return act(catalog, label_id)

        def finish(change: Change | None) -> None:
            if ids:
                self._adopt(ids[0])
            if done is not None:
                done(change)

        self._session.mutate(work, finish)

    def _apply(self) -> None:
        request, session = self._request(), self._session

        def tell(change: Change | None) -> None:
            if change is not None and not change.rows:  # else the notice says what was done
                session.message.emit("info", self.tr("Nothing to change: these photos are tagged already."))

        self._with_label(
            lambda _catalog, label_id: labelling.apply(session.engine, label_id, request.scope), tell
        )

    def _teach(self, photo_id: int, yes: bool) -> None:
        if not self.view.form.draft.name:
            self._session.message.emit("info", self.tr("Give the label a name first."))
            self.view.form.name.setFocus()
            return
        teach = labels.label_photos if yes else labels.reject_photos
        self._with_label(lambda catalog, label_id: teach(catalog, label_id, [photo_id]))

    def _delete(self) -> None:
        label = self._label
        if label is not None:
            self._session.mutate(lambda catalog: labels.delete_label(catalog, label.id))
        self.closed.emit()


def _load(catalog: Catalog, label_id: int | None) -> tuple[Label | None, Places]:
    places = Places(tuple(albums.list_albums(catalog)), tuple(folders.list_folders(catalog)))
    return (None if label_id is None else _find(catalog, label_id)), places


def _find(catalog: Catalog, label_id: int) -> Label | None:
    return next((each for each in labels.list_labels(catalog) if each.id == label_id), None)
