"""The list at the left: the library, its folders, albums and labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QItemSelection,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QContextMenuEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemDelegate,
    QAbstractItemView,
    QFrame,
    QListView,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from photoclip.gui import theme
from photoclip.gui.counts import CountKeeper, Counts
from photoclip.gui.dialogs import RemoveFolderQuestion
from photoclip.gui.session import Session, Source
from photoclip.gui.sidebar_draw import RowDelegate, SectionHeader
from photoclip.gui.sidebar_model import ROW, SidebarModel, rows_for
from photoclip.library.catalog import albums, folders, labels

if TYPE_CHECKING:
    from photoclip.library.catalog.changes import Change


class Sidebar(QFrame):
    """Choose a source with mouse or arrows; F2 renames, Delete removes, a right click offers the rest."""

    source_chosen = Signal(object)  # Source
    label_edit_requested = Signal(int)  # label id, 0 for a new one
    add_folder_requested = Signal()
    auto_tag_requested = Signal(int)  # album id
    query_edit_requested = Signal(int)  # live album id

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.set_role(self, "left")
        self._session = session
        self._wanted = Source("all")
        self._rename_next: Source | None = None
        self._late: Counts | None = None
        self.model = SidebarModel(self)
        self.view = SourceList(self)
        self.view.setModel(self.model)
        self.question = RemoveFolderQuestion()
        self._lay_out()
        self.view.selectionModel().selectionChanged.connect(self._on_selection)
        self.view.menu_requested.connect(self._show_menu)
        self.view.removal_requested.connect(self._remove)
        self.view.edit_finished.connect(self._catch_up)
        self.model.renamed.connect(self._rename)
        self.model.dropped.connect(self._drop)
        self.question.answered.connect(self._remove_folder)
        self.question.cancelled.connect(self.view.setFocus)
        self._show_counts(Counts())
        keeper = CountKeeper.of(session)
        keeper.counted.connect(self._show_counts)
        if keeper.latest is not None:
            self._show_counts(keeper.latest)

    def sizeHint(self) -> QSize:
        return QSize(theme.SIDEBAR_WIDTH, 400)

    @property
    def current(self) -> Source:
        """The source that is selected."""
        return self._wanted

    def select(self, source: Source) -> None:
        """Mark a source as the one shown; `source_chosen` is not emitted."""
        self._wanted = source
        place = self.model.place_of(source)
        selection = self.view.selectionModel()
        selection.blockSignals(True)
        if place < 0:
            selection.clear()
        else:
            self.view.setCurrentIndex(self.model.index(place))
        selection.blockSignals(False)
        self.view.viewport().update()

    # -- what is shown

    def _show_counts(self, counts: Counts) -> None:
        if self.view.editing:  # new rows would close the editor; they wait until the name is written
            self._late = counts
            return
        was_there = self.model.place_of(self._wanted) >= 0
        if self.model.show_rows(rows_for(counts, self.tr)):
            self._put_headers()
            if was_there and self.model.place_of(self._wanted) < 0:  # undone, or deleted elsewhere
                self._leave(self._wanted)(None)
            self.select(self._wanted)
        if self._rename_next is not None and (place := self.model.place_of(self._rename_next)) >= 0:
            self._rename_next = None
            self.view.setFocus()
            self.view.scrollTo(self.model.index(place))
            self.view.edit(self.model.index(place))

    def _catch_up(self) -> None:
        late, self._late = self._late, None
        if late is not None:
            self._show_counts(late)

    def _put_headers(self) -> None:
        actions: dict[str, tuple[str, Callable[[], None]]] = {
            "folder": (self.tr("Add folder…"), self.add_folder_requested.emit),
            "album": (self.tr("New album"), self._new_album),
            "label": (self.tr("New label…"), lambda: self.label_edit_requested.emit(0)),
        }
        for place, row in enumerate(self.model.rows):
            if row.section:
                text, action = actions[row.section]
                header = SectionHeader(row.text, text)
                header.button.clicked.connect(action)
                self.view.setIndexWidget(self.model.index(place), header)

    def _on_selection(self, selected: QItemSelection, _before: QItemSelection) -> None:
        indexes = selected.indexes()
        source = self.model.rows[indexes[0].row()].source if indexes else None
        if source is not None and source != self._wanted:
            self._wanted = source
            self.source_chosen.emit(source)

    # -- what is done

    def _show_menu(self, index: QModelIndex, place: QPoint) -> None:
        menu = self.menu_for(self.model.rows[index.row()].source)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(place)

    def menu_for(self, source: Source | None) -> QMenu:
        """The actions of one row."""
        menu = QMenu(self)
        if source is None or source.id is None:
            menu.addAction(self.tr("Add folder…"), self.add_folder_requested.emit)
            menu.addAction(self.tr("New album"), self._new_album)
            menu.addAction(self.tr("New label…"), lambda: self.label_edit_requested.emit(0))
            return menu
        target, number = source, source.id
        if source.kind == "folder":
            menu.addAction(self.tr("Look for new photos"), lambda: self._rescan(number))
            menu.addSeparator()
            menu.addAction(self.tr("Stop watching this folder…"), lambda: self._remove(target))
            return menu
        if source.kind == "album":
            if self.model.rows[self.model.place_of(source)].live:
                menu.addAction(self.tr("Edit query"), lambda: self.query_edit_requested.emit(number))
            menu.addAction(self.tr("Auto-tag album…"), lambda: self.auto_tag_requested.emit(number))
        else:
            menu.addAction(self.tr("Edit label…"), lambda: self.label_edit_requested.emit(number))
        menu.addAction(self.tr("Rename"), lambda: self._edit_name(target))
        menu.addSeparator()
        menu.addAction(self.tr("Delete"), lambda: self._remove(target))
        return menu

    def _edit_name(self, source: Source) -> None:
        place = self.model.place_of(source)
        if place >= 0:
            self.view.edit(self.model.index(place))

    def _new_album(self) -> None:
        """Make an album and let its name be written over at once."""
        taken = {row.text.casefold() for row in self.model.rows if row.source and row.source.kind == "album"}
        name, number = self.tr("New album"), 2
        while name.casefold() in taken:
            name, number = self.tr("New album {0}").format(number), number + 1

        def made(change: Change | None) -> None:
            if change is not None and change.created is not None:
                self._rename_next = Source("album", change.created)

        self._session.mutate(lambda catalog: albums.create_album(catalog, name), made)

    def _rename(self, source: Source, name: str) -> None:
        number = source.id or 0
        if source.kind == "album":
            self._session.mutate(lambda catalog: albums.rename_album(catalog, number, name))
        else:
            self._session.mutate(lambda catalog: labels.edit_label(catalog, number, name=name))

    def _drop(self, source: Source, ids: list[int]) -> None:
        number = source.id or 0
        if source.kind == "album":
            self._session.mutate(lambda catalog: albums.add_to_album(catalog, number, ids))
        else:
            self._session.mutate(lambda catalog: labels.label_photos(catalog, number, ids))

    def _remove(self, source: Source) -> None:
        """Albums and labels go at once (Undo brings them back); a folder asks about its labels."""
        number = source.id
        if number is None:
            return
        if source.kind == "folder":
            row = self.model.rows[self.model.place_of(source)]
            self.question.ask(number, row.text)
        elif source.kind == "album":
            self._session.mutate(lambda catalog: albums.delete_album(catalog, number), self._leave(source))
        else:
            self._session.mutate(lambda catalog: labels.delete_label(catalog, number), self._leave(source))

    def _remove_folder(self, folder_id: int, keep_labels: bool) -> None:
        self.view.setFocus()
        self._session.mutate(
            lambda catalog: folders.remove_folder(catalog, folder_id, keep_labels=keep_labels),
            self._leave(Source("folder", folder_id)),
        )

    def _leave(self, source: Source) -> Callable[[Change | None], None]:
        """After a source is gone: if it was the one shown, show all photos."""

        def left(_change: Change | None) -> None:
            if self._wanted == source:
                self.select(Source("all"))
                self.source_chosen.emit(self._wanted)

        return left

    def _rescan(self, folder_id: int) -> None:
        session = self._session
        session.compute(lambda _cancelled: session.indexer.rescan([folder_id]), lambda _nothing: None)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE[1], theme.SPACE[1], theme.SPACE[1], theme.SPACE[1])
        column.setSpacing(theme.SPACE[1])
        column.addWidget(self.view, 1)
        column.addWidget(self.question)


class SourceList(QListView):
    """The list itself: keys, context menu, and whether a name is being written."""

    menu_requested = Signal(QModelIndex, QPoint)
    removal_requested = Signal(object)  # Source
    edit_finished = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setItemDelegate(RowDelegate(self))
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setAcceptDrops(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DropOnly)
        self.setDropIndicatorShown(False)  # the row under the pointer is painted as chosen instead
        self.setDragDropOverwriteMode(True)  # a drop goes on a row, never between two
        self.drop_target = QPersistentModelIndex()  # the row a drop would go on now
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setAccessibleName(self.tr("Library, folders, albums and labels"))

    @property
    def editing(self) -> bool:
        """Whether a name is being written."""
        return self.state() == QAbstractItemView.State.EditingState

    def closeEditor(self, editor: QWidget, hint: QAbstractItemDelegate.EndEditHint) -> None:
        super().closeEditor(editor, hint)
        QTimer.singleShot(0, self, self.edit_finished.emit)  # new rows only once the editor is really gone

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        source = index.data(ROW).source if index.isValid() else None
        if event.key() == Qt.Key.Key_Delete and source is not None:
            self.removal_requested.emit(source)
        else:
            super().keyPressEvent(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        super().dragMoveEvent(event)
        point = event.position().toPoint()
        self._aim(self.indexAt(point) if event.isAccepted() else QModelIndex())

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        super().dragLeaveEvent(event)
        self._aim(QModelIndex())

    def dropEvent(self, event: QDropEvent) -> None:
        super().dropEvent(event)
        self._aim(QModelIndex())

    def _aim(self, index: QModelIndex) -> None:
        self.drop_target = QPersistentModelIndex(index)
        self.viewport().update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        index = self.indexAt(event.pos())
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            index = self.currentIndex()
        if index.isValid():
            self.menu_requested.emit(index, event.globalPos())
