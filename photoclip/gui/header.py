"""The line at the top of the window: the search, the order, the size of the photos, the menu."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QSlider,
    QToolButton,
    QWidget,
)

from photoclip.gui import icons, theme
from photoclip.gui.finder import Found, Order
from photoclip.gui.search_bar import SearchBar

SLIDER_WIDTH = 84
SEARCH_WIDEST = 760


class Header(QFrame):
    """Composes the search bar and the controls of the grid."""

    sidebar_toggled = Signal()
    order_chosen = Signal(str)
    size_chosen = Signal(int)  # px of a photo's side

    def __init__(self, menu: QMenu, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.set_role(self, "header")
        self.setFixedHeight(theme.HEADER_HEIGHT)
        self.search = SearchBar()
        self.search.setMaximumWidth(SEARCH_WIDEST)
        self._order: Order = "relevance"
        self._narrow = False
        self._names: dict[str, str] = {
            "relevance": self.tr("Relevance"), "newest": self.tr("Newest first"),
            "oldest": self.tr("Oldest first"), "added": self.tr("Last added"),
        }  # fmt: skip
        self._build(menu)

    def _build(self, menu: QMenu) -> None:
        toggle = _icon_button("list", self.tr("Show or hide the sidebar (F9)"))
        toggle.clicked.connect(self.sidebar_toggled)
        name = QLabel(self.tr("PhotoClip"))
        theme.set_role(name, "brand")
        left = QWidget()
        self._left = left
        start = QHBoxLayout(left)
        start.setContentsMargins(0, 0, 0, 0)
        start.setSpacing(theme.SPACE[1])
        start.addWidget(toggle)
        start.addWidget(name)
        start.addStretch(1)
        left.setFixedWidth(theme.SIDEBAR_WIDTH - theme.SPACE[1])
        self._brand = name
        self.order = QPushButton()
        theme.set_role(self.order, "outline")
        self.order.setMenu(self._order_menu())
        self.order.setAccessibleName(self.tr("Order of the photos"))
        self.save = QPushButton(self.tr("Save as album"))
        theme.set_role(self.save, "outline")
        self.save.setAccessibleName(self.save.text())
        self.save.setToolTip(self.tr("Save this search as a live album (Ctrl+S)"))
        self.save.hide()
        more = _icon_button("dots-three", self.tr("Menu"))
        more.setMenu(menu)
        more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        line = QHBoxLayout(self)
        line.setContentsMargins(theme.SPACE[1], 0, theme.SPACE[2], 0)
        line.setSpacing(theme.SPACE[2])
        line.addWidget(left)
        line.addWidget(self.search, 100)
        line.addWidget(self.save)
        line.addStretch(1)  # what the search bar leaves in a wide window
        line.addWidget(self.order)
        line.addWidget(self._size_control())
        line.addWidget(more)
        self.show_order("relevance", ranked=False)

    def _order_menu(self) -> QMenu:
        menu = QMenu(self)
        group = QActionGroup(menu)
        self._choices = {}
        for order, name in self._names.items():
            action = menu.addAction(name)
            action.setCheckable(True)
            group.addAction(action)
            action.triggered.connect(lambda _checked=False, order=order: self._choose(order))
            self._choices[order] = action
        return menu

    def _size_control(self) -> QFrame:
        frame = QFrame()
        frame.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        theme.set_role(frame, "control")
        line = QHBoxLayout(frame)
        line.setContentsMargins(theme.SPACE[1], 0, theme.SPACE[2], 0)
        line.setSpacing(theme.SPACE[1])
        mark = QToolButton()
        mark.setIcon(icons.icon("squares-four"))
        theme.set_role(mark, "close")
        mark.setEnabled(False)
        mark.setIconSize(QSize(16, 16))
        self.size_slider = QSlider(Qt.Orientation.Horizontal)
        self.size_slider.setRange(*theme.CELL_SIZES)
        self.size_slider.setSingleStep(16)
        self.size_slider.setPageStep(48)
        self.size_slider.setFixedWidth(SLIDER_WIDTH)
        self.size_slider.setAccessibleName(self.tr("Size of the photos"))
        self.size_slider.setToolTip(self.tr("Size of the photos (Ctrl and wheel, Ctrl+Plus, Ctrl+Minus)"))
        self.size_slider.valueChanged.connect(self.size_chosen)
        line.addWidget(mark)
        line.addWidget(self.size_slider)
        self._size = frame
        return frame

    def show_size(self, size: int) -> None:
        """Follow a zoom made elsewhere."""
        self.size_slider.blockSignals(True)
        self.size_slider.setValue(size)
        self.size_slider.blockSignals(False)

    def show_found(self, found: Found) -> None:
        wish = found.wish
        listed = wish.request.is_empty
        self.show_order(
            wish.order,
            ranked=found.ranked or (found.arranged and bool(found.query)),
            own=found.arranged and not found.query,
            otherwise="added" if listed and wish.source.kind == "recent" else "newest",
        )

    def show_order(
        self, order: Order, *, ranked: bool, own: bool = False, otherwise: Order = "newest"
    ) -> None:
        """Name the order in force. Where nothing is ranked, it is an album's own, or that of dates."""
        first = self._choices["relevance"]
        first.setVisible(ranked or own)
        first.setText(self.tr("Album order") if own else self._names["relevance"])
        shown = self._choices[order if order != "relevance" or ranked or own else otherwise]
        shown.setChecked(True)
        self.order.setText(f"{shown.text()}  ▾")

    def offer_to_save(self, offered: bool) -> None:
        """Show the button that saves the search, or what was changed of a live album's query."""
        short = self._narrow or bool(self.search.rest)
        self.save.setText(self.tr("Save") if short else self.tr("Save as album"))
        self.save.setVisible(offered)

    def set_narrow(self, narrow: bool) -> None:
        """In a narrow window the search bar gets the room."""
        self._brand.setVisible(not narrow)
        self._size.setVisible(not narrow)
        self.search.set_narrow(narrow)
        self._narrow = narrow
        self.offer_to_save(not self.save.isHidden())
        if narrow:
            self._left.setMinimumWidth(0)
            self._left.setMaximumWidth(36)
        else:
            self._left.setFixedWidth(theme.SIDEBAR_WIDTH - theme.SPACE[1])

    def _choose(self, order: Order) -> None:
        self.order_chosen.emit(order)


def _icon_button(glyph: str, name: str) -> QToolButton:
    button = QToolButton()
    theme.set_role(button, "icon")
    button.setIcon(icons.icon(glyph))
    button.setIconSize(QSize(theme.ICON_SIZE, theme.ICON_SIZE))
    button.setAccessibleName(name)
    button.setToolTip(name)
    return button
