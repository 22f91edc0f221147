"""The photos, and the pages that come over them; each is made when it is first shown, after the photos."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from photoclip.gui.session import Session
from photoclip.library.catalog import photos

if TYPE_CHECKING:
    from photoclip.gui.duplicates_page import DuplicatesPage
    from photoclip.gui.first_run import FirstRunPage
    from photoclip.gui.label_page import LabelPage
    from photoclip.gui.models_page import ModelsPage
    from photoclip.gui.problems import ProblemsPage
    from photoclip.gui.viewer import Viewer
    from photoclip.library.labelling import Scope


class Pages(QStackedWidget):
    """One page at a time; `browser`, the photos, is the one that the others are left for."""

    left = Signal()  # a page was closed: back to the photos
    viewer_left = Signal(int)  # the same for the viewer, which was at this photo
    photo_viewed = Signal(int)  # the viewer went on to this photo
    folders_chosen = Signal(list)  # on the first run: bytes paths

    def __init__(self, session: Session, browser: QWidget) -> None:
        super().__init__()
        self._session = session
        self.browser = browser
        self.label_page: LabelPage | None = None
        self.first_run: FirstRunPage | None = None
        self.models_page: ModelsPage | None = None
        self.duplicates_page: DuplicatesPage | None = None
        self._models_from: QWidget | None = None  # the page the models were opened on
        self._viewer: Viewer | None = None
        self._problems: ProblemsPage | None = None
        self._viewed_from: QWidget | None = None  # the page the viewer was opened on
        self.addWidget(browser)

    @property
    def shows_photos(self) -> bool:
        return self.currentWidget() is self.browser

    @property
    def shows_viewer(self) -> bool:
        return self._viewer is not None and self.currentWidget() is self._viewer

    @property
    def shows_first_run(self) -> bool:
        return self.first_run is not None and self.currentWidget() is self.first_run

    @property
    def shows_models(self) -> bool:
        return self.models_page is not None and self.currentWidget() is self.models_page

    @property
    def is_first_run(self) -> bool:
        """Whether there are no photos yet to search or to go back to."""
        return self.shows_first_run or (self.shows_models and self._models_from is self.first_run)

    def show_photos(self) -> None:
        self.setCurrentWidget(self.browser)

    @property
    def viewer(self) -> Viewer:
        """One photo as large as the window."""
        if self._viewer is None:
            from photoclip.gui.viewer import Viewer

            self._viewer = Viewer(self._session)
            self._viewer.closed.connect(self._leave_viewer)
            self._viewer.moved.connect(self.photo_viewed)
            self._viewer.rated.connect(self._rate)
            self._viewer.favourite_toggled.connect(self._set_favourite)
            self.addWidget(self._viewer)
        return self._viewer

    def view(self, ids: np.ndarray, row: int) -> None:
        """Open the photo in this row of `ids`, [N], with the others before and after it."""
        if not self.shows_viewer:
            self._viewed_from = self.currentWidget()
        self.setCurrentWidget(self.viewer)
        self.viewer.show_photo(ids, row)

    def edit_label(self, label_id: int | None, scope: Scope) -> None:
        """The page of a label, tried on `scope`; None makes a new one."""
        if self.label_page is None:
            from photoclip.gui.label_page import LabelPage

            self.label_page = LabelPage(self._session)
            self.label_page.closed.connect(self.left)
            self.label_page.photo_activated.connect(self._view_one_of)
            self.addWidget(self.label_page)
        self.label_page.edit(label_id, scope)
        self.setCurrentWidget(self.label_page)

    def show_problems(self) -> None:
        """What could not be read, and why."""
        if self._problems is None:
            from photoclip.gui.problems import ProblemsPage

            self._problems = ProblemsPage(self._session)
            self._problems.closed.connect(self.left)
            self.addWidget(self._problems)
        self.setCurrentWidget(self._problems)

    def show_duplicates(self) -> None:
        """Photos that are there more than once."""
        if self.duplicates_page is None:
            from photoclip.gui.duplicates_page import DuplicatesPage

            self.duplicates_page = DuplicatesPage(self._session)
            self.duplicates_page.closed.connect(self.left)
            self.duplicates_page.photo_activated.connect(self._view_one_of)
            self.addWidget(self.duplicates_page)
        self.setCurrentWidget(self.duplicates_page)

    def show_models(self) -> None:
        """Which models there are; what is shown now is what it leads back to, if that is the first run."""
        page = self.models_page
        if page is None:
            from photoclip.gui.models_page import ModelsPage

            page = self.models_page = ModelsPage(self._session)
            page.closed.connect(self._leave_models)
            page.photo_activated.connect(self._view_one_of)
            self.addWidget(page)
        if not self.shows_models:
            self._models_from = self.first_run if self.shows_first_run else self.browser
        if self._models_from is self.first_run:
            page.show_way_back(self.tr("Back"), self.tr("Back to choosing folders"))
        else:
            page.show_way_back(self.tr("Photos"), self.tr("Back to the photos"))
        self.setCurrentWidget(page)

    def leave(self) -> None:
        """Escape: a question of the page closes, else the page."""
        if not self.shows_models or self.models_page is None:
            self.left.emit()
        elif not self.models_page.step_back():
            self._leave_models()

    def show_first_run(self) -> None:
        """Choosing the first folders."""
        if self.first_run is None:
            from photoclip.gui.first_run import FirstRunPage

            self.first_run = FirstRunPage(self._session)
            self.first_run.folders_chosen.connect(self.folders_chosen)
            self.first_run.models_requested.connect(self.show_models)
            self.addWidget(self.first_run)
        self.setCurrentWidget(self.first_run)

    def _view_one_of(self, photo: int, ids: list[int]) -> None:
        self.view(np.array(ids), ids.index(photo))

    def _leave_viewer(self, photo: int) -> None:
        """Back to the page it was opened from; a label's unsaved words are still there."""
        for page in (self.label_page, self.models_page, self.duplicates_page):
            if page is not None and self._viewed_from is page:
                self.setCurrentWidget(page)
                page.take_focus(photo)
                return
        self.viewer_left.emit(photo)

    def _leave_models(self) -> None:
        if self.is_first_run:
            self.show_first_run()
        else:
            self.left.emit()

    def _rate(self, photo: int, stars: int) -> None:
        self._session.mutate(lambda catalog: photos.rate(catalog, [photo], stars))

    def _set_favourite(self, photo: int, value: bool) -> None:
        self._session.mutate(lambda catalog: photos.set_favourite(catalog, [photo], value))
