"""The window: composes its parts and joins their signals; what they do is theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QByteArray, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QCloseEvent, QKeyEvent, QKeySequence, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from photoclip.gui import theme
from photoclip.gui.actions import MANY_PATHS, STARS, PhotoActions
from photoclip.gui.activity import ActivityLine
from photoclip.gui.browser import Browser
from photoclip.gui.details import DetailsPanel
from photoclip.gui.finder import Found
from photoclip.gui.header import Header
from photoclip.gui.keys_sheet import KeysSheet
from photoclip.gui.notice import Notice
from photoclip.gui.pages import Pages
from photoclip.gui.search_bar import CHIP_PICTURE, SearchChip, local_path
from photoclip.gui.session import Session, Source
from photoclip.gui.sidebar import Sidebar
from photoclip.library.catalog import folders, photos

if TYPE_CHECKING:
    from photoclip.settings import Settings

NARROW = 900  # px: below this the sidebar goes by itself
DETAILS_FROM = 1180  # px: below this the details do
OPENING_SIZE = (1360, 860)
