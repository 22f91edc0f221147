"""Every colour and size of the window, and the one style sheet made from them.

Widgets take what they need from here: `tokens()` for colours they paint themselves, `SPACE` and the
`RADIUS_*` numbers for layout, and dynamic properties (`role="title"`) for what the style sheet does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontInfo, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QWidget

Preference = Literal["system", "light", "dark"]

SPACE = (4, 8, 12, 16, 24)
RADIUS_PHOTO = 4
RADIUS_CONTROL = 8
GUTTER = 4  # between photos
SELECTION_WIDTH = 3
WEAKER_OPACITY = 0.55
ON_PHOTO_GROUND, ON_PHOTO_TEXT = "#17181B", "#FFFFFF"  # marks lie on photos, whatever the theme
ON_PHOTO_OPACITY = 0.72
SIDEBAR_WIDTH = 224
DETAILS_WIDTH = 288
HEADER_HEIGHT = 56
ACTIVITY_HEIGHT = 34
CONTROL_HEIGHT = 30
SEARCH_HEIGHT = 38
ICON_SIZE = 18
CELL_SIZES = (96, 320)  # the thumbnail slider's ends
MOTION_MS = 120
TEXT_PX = 13
TITLE_PX = 17
CAPTION_PX = 11
GOOD_FONTS = ("Inter", "Noto Sans", "Cantarell", "Ubuntu", "Liberation Sans")


@dataclass(frozen=True)
class Tokens:
    """Colours of one theme, as "#RRGGBB"."""

    dark: bool
    window: str
    panel: str
    raised: str
    hairline: str
    text: str
    secondary: str
    accent: str
    on_accent: str  # text on an accent ground
    human: str
    unsure: str
    danger: str
    human_text: str  # the same three, dark enough to be read as text (4.5:1)
    unsure_text: str
    danger_text: str

    @property
    def accent_soft(self) -> str:
        """The ground of a chosen row."""
        return mix(self.panel, self.accent, 0.18 if self.dark else 0.13)

    @property
    def human_soft(self) -> str:
        """The ground of a human label's chip."""
        return mix(self.panel, self.human, 0.22 if self.dark else 0.14)

    @property
    def hover(self) -> str:
        """The ground of a control under the pointer."""
        return mix(self.raised, self.text, 0.06)


DARK = Tokens(
    dark=True, window="#17181B", panel="#1E2024", raised="#26292E", hairline="#2F3339", text="#E8EAED",
    secondary="#9AA0A8", accent="#5B9DFF", on_accent="#17181B", human="#3FB68B", unsure="#E6A23C",
    danger="#E5534B", human_text="#5BC9A1", unsure_text="#E6A23C", danger_text="#F0857F",
)  # fmt: skip
LIGHT = Tokens(
    dark=False, window="#F7F8FA", panel="#FFFFFF", raised="#EEF0F3", hairline="#E3E6EA", text="#1B1D21",
    secondary="#646B75", accent="#1769E0", on_accent="#FFFFFF", human="#3FB68B", unsure="#E6A23C",
    danger="#E5534B", human_text="#14694B", unsure_text="#8A5A06", danger_text="#B92E27",
)  # fmt: skip

_shown = DARK


def tokens() -> Tokens:
    """The colours of the theme now shown."""
    return _shown


def mix(ground: str, ink: str, share: float) -> str:
    """`share` of `ink` over `ground`, both "#RRGGBB"."""
    pairs = zip(_channels(ground), _channels(ink), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02X}" for a, b in pairs)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def set_role(widget: QWidget, role: str) -> None:
    """Give a widget a role of the style sheet, also when it is already on the screen."""
    widget.setProperty("role", role)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def apply(app: QApplication, preference: Preference = "system") -> None:
    """Show the light or dark theme, or follow the system's from now on."""
    hints = QGuiApplication.styleHints()
    scheme = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}
    if app.style().objectName() != "fusion":
        app.setStyle("fusion")
    _prefer_good_font(app)
    hints.setColorScheme(scheme.get(preference, Qt.ColorScheme.Unknown))
    if preference == "system":
        # A unique connection would need a QObject slot; disconnecting first keeps it to one.
        app.setProperty("followsSystem", True)
        if not app.property("themeConnected"):
            app.setProperty("themeConnected", True)
            hints.colorSchemeChanged.connect(lambda _scheme: _follow(app))
        _show(app, LIGHT if hints.colorScheme() == Qt.ColorScheme.Light else DARK)
    else:
        app.setProperty("followsSystem", False)
        _show(app, LIGHT if preference == "light" else DARK)


def _follow(app: QApplication) -> None:
    if app.property("followsSystem"):
        hints = QGuiApplication.styleHints()
        _show(app, LIGHT if hints.colorScheme() == Qt.ColorScheme.Light else DARK)


def _show(app: QApplication, chosen: Tokens) -> None:
    global _shown
    _shown = chosen
    app.setPalette(_palette(chosen))
    app.setStyleSheet(style_sheet(chosen, text_size(app)))


def _prefer_good_font(app: QApplication) -> None:
    """Keep the system's font; where it names none (a bare X server), take a good one that is there."""
    font = app.font()
    if font.family() in ("Sans Serif", "Sans", "sans-serif", ""):
        font.setFamilies([*GOOD_FONTS, font.family()])
        app.setFont(font)


def text_size(app: QApplication) -> int:
    """Pixels of ordinary text: the system's own size, 13 at the least."""
    return max(TEXT_PX, QFontInfo(app.font()).pixelSize())


def scaled(pixels: int, text: int) -> int:
    """A size drawn for 13 px text, in proportion to the text really used."""
    return round(pixels * text / TEXT_PX)


def _palette(t: Tokens) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for target, colour in (
        (role.Window, t.window), (role.Base, t.window), (role.AlternateBase, t.panel),
        (role.Button, t.raised), (role.WindowText, t.text), (role.Text, t.text), (role.ButtonText, t.text),
        (role.ToolTipBase, t.raised), (role.ToolTipText, t.text), (role.PlaceholderText, t.secondary),
        (role.Highlight, t.accent), (role.HighlightedText, t.on_accent), (role.Link, t.accent),
        (role.LinkVisited, t.accent), (role.Accent, t.accent), (role.Mid, t.hairline), (role.Light, t.raised),
    ):  # fmt: skip
        palette.setColor(target, QColor(colour))
    for target in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, target, QColor(mix(t.window, t.secondary, 0.6)))
    return palette


def style_sheet(t: Tokens, text: int = TEXT_PX) -> str:
    """The window's one style sheet, for ordinary text of `text` pixels."""
    numbers = {
        "text_px": text, "title_px": scaled(TITLE_PX, text), "caption_px": scaled(CAPTION_PX, text),
        "control": scaled(CONTROL_HEIGHT, text), "round": scaled(CONTROL_HEIGHT, text) // 2,
        "search": scaled(SEARCH_HEIGHT, text), "search_round": scaled(SEARCH_HEIGHT, text) // 2,
        "chip": scaled(24, text), "chip_round": scaled(24, text) // 2,
        "radius": RADIUS_CONTROL, "photo": RADIUS_PHOTO,
        "selection": t.accent_soft, "hover": t.hover, "human_soft": t.human_soft,
        "accent_hover": mix(t.accent, t.text, 0.12), "handle": mix(t.window, t.secondary, 0.45),
        "disabled": mix(t.panel, t.secondary, 0.6),
    }  # fmt: skip
    colours = {name: value for name, value in vars(t).items() if isinstance(value, str)}
    sheet = _SHEET
    for name, value in {**colours, **numbers}.items():
        sheet = sheet.replace(f"@{name}@", str(value))
    return sheet


_SHEET = """
* { font-size: @text_px@px; }
QMainWindow, QDialog { background: @window@; color: @text@; }
QLabel { background: transparent; color: @text@; }
QLabel[role="title"] { font-size: @title_px@px; font-weight: 600; }
QLabel[role="brand"] { font-weight: 700; }
QLabel[role="key"] { font-weight: 600; color: @secondary@; }
QLabel[role="caption"] { font-size: @caption_px@px; color: @secondary@; }
QLabel[role="secondary"] { color: @secondary@; }
QLabel[role="heading"] { font-size: @caption_px@px; font-weight: 600; color: @secondary@; }
QLabel[role="strong"] { font-weight: 600; }
QLabel[role="error"] { color: @danger_text@; }
QLabel[role="human"] { color: @human_text@; }
QLabel[role="unsure"] { color: @unsure_text@; }

QFrame[role="panel"] { background: @panel@; border: none; }
QFrame[role="header"] { background: @panel@; border: none; border-bottom: 1px solid @hairline@; }
QFrame[role="footer"] { background: @panel@; border: none; border-top: 1px solid @hairline@; }
QFrame[role="left"] { background: @panel@; border: none; border-right: 1px solid @hairline@; }
QFrame[role="right"] { background: @panel@; border: none; border-left: 1px solid @hairline@; }
QFrame[role="card"] { background: @raised@; border: none; border-radius: @radius@px; }
QFrame[role="sheet"] { background: @panel@; border: 1px solid @hairline@; border-radius: @radius@px; }
QFrame[role="control"] { background: transparent; border: 1px solid @hairline@; border-radius: @radius@px;
    min-height: 28px; max-height: 28px; }
QFrame[role="line"] { background: @hairline@; border: none; max-height: 1px; min-height: 1px; }
QFrame[role="search"] { background: @raised@; border: 1px solid @raised@; border-radius: @search_round@px;
    min-height: @search@px; max-height: @search@px; }
QFrame[role="search"][active="true"] { border-color: @accent@; }
QFrame[role="chip"] { background: @panel@; border: 1px solid @hairline@; border-radius: @chip_round@px;
    min-height: @chip@px; max-height: @chip@px; }
QFrame[role="chip"][active="true"] { border-color: @accent@; }
QFrame[role="chip"][kind="human"] { background: @human_soft@; border-color: @human_soft@; }
QFrame[role="chip"][kind="unsure"] { background: transparent; border: 1px dashed @secondary@; }

QPushButton, QToolButton { background: @raised@; color: @text@; border: 1px solid @hairline@;
    border-radius: @radius@px; min-height: 28px; padding: 0 12px; }
QPushButton:hover, QToolButton:hover { background: @hover@; }
QPushButton:focus, QToolButton:focus { border-color: @accent@; outline: none; }
QPushButton:disabled, QToolButton:disabled { color: @disabled@; }
QPushButton:checked, QToolButton:checked { background: @selection@; color: @accent@; }
QPushButton::menu-indicator, QToolButton::menu-indicator { image: none; width: 0; }
QFileDialog QToolButton { padding: 0; min-width: 28px; }
QPushButton[role="primary"] { background: @accent@; color: @on_accent@; border-color: @accent@;
    font-weight: 600; }
QPushButton[role="primary"]:hover { background: @accent_hover@; border-color: @accent_hover@; }
QPushButton[role="primary"]:focus { border: 2px solid @text@; }
QPushButton[role="primary"]:disabled { background: @hairline@; border-color: @hairline@; color: @secondary@; }
QPushButton[role="danger"] { color: @danger_text@; }
QPushButton[role="flat"], QToolButton[role="flat"], QToolButton[role="icon"] { background: transparent;
    border-color: transparent; color: @secondary@; padding: 0 8px; }
QToolButton[role="icon"] { padding: 0; min-width: 28px; }
QPushButton[role="flat"]:hover, QToolButton[role="flat"]:hover, QToolButton[role="icon"]:hover {
    background: @hover@; color: @text@; }
QPushButton[role="flat"]:disabled { color: @disabled@; }
QPushButton[role="flat"]:focus, QToolButton[role="flat"]:focus, QToolButton[role="icon"]:focus {
    border-color: @accent@; }
QToolButton[role="icon"]:checked { background: @selection@; }
QPushButton[role="outline"] { background: transparent; color: @secondary@; }
QPushButton[role="outline"]:hover { background: @hover@; color: @text@; }
QPushButton[role="pill"], QToolButton[role="pill"] { border-radius: 13px; min-height: 24px; padding: 0 12px;
    background: @panel@; color: @secondary@; }
QPushButton[role="pill"]:hover, QToolButton[role="pill"]:hover { color: @text@; }
QPushButton[role="link"], QToolButton[role="link"] { background: transparent; border: none; color: @accent@;
    padding: 0 2px; min-height: 20px; text-align: left; }
QPushButton[role="link"]:hover, QPushButton[role="link"]:focus { text-decoration: underline; }
QPushButton[role="quiet"] { background: transparent; border: none; color: @secondary@; padding: 0 4px;
    min-height: 20px; text-align: left; }
QPushButton[role="quiet"][failed="true"] { color: @danger_text@; }
QPushButton[role="quiet"]:hover, QPushButton[role="quiet"]:focus { color: @text@;
    text-decoration: underline; }
QToolButton[role="close"] { background: transparent; border: none; padding: 0; min-height: 16px;
    min-width: 16px; border-radius: 8px; }
QToolButton[role="close"]:hover, QToolButton[role="close"]:focus { background: @hover@; }

QLineEdit, QTextEdit, QPlainTextEdit, QSpinBox, QDoubleSpinBox { background: @raised@; color: @text@;
    border: 1px solid @hairline@; border-radius: @radius@px; padding: 0 8px; min-height: 28px;
    selection-background-color: @accent@; selection-color: @on_accent@; }
QTextEdit, QPlainTextEdit { padding: 4px 8px; }
QLineEdit:focus, QTextEdit:focus, QPlainTextEdit:focus, QSpinBox:focus { border-color: @accent@; }
QLineEdit[role="search"] { background: transparent; border: none; padding: 0; min-height: 24px;
    font-size: @text_px@px; }
QComboBox { background: @raised@; color: @text@; border: 1px solid @hairline@; border-radius: @radius@px;
    padding: 0 10px; min-height: 28px; }
QComboBox:focus { border-color: @accent@; }
QComboBox::drop-down { border: none; width: 18px; }
QComboBox QAbstractItemView { background: @panel@; color: @text@; border: 1px solid @hairline@;
    selection-background-color: @selection@; selection-color: @text@; outline: none; }
QCheckBox, QRadioButton { color: @text@; spacing: 8px; background: transparent; }
QCheckBox:focus, QRadioButton:focus { color: @accent@; }

QAbstractItemView { background: transparent; color: @text@; border: none; outline: none; }
QAbstractItemView[role="grid"], QWidget[role="canvas"] { background: @window@; }
QTreeView::item, QListView::item { min-height: 30px; padding: 0 8px; border-radius: @radius@px; }
QTreeView::item:hover, QListView::item:hover { background: @hover@; }
QTreeView::item:selected, QListView::item:selected { background: @selection@; color: @accent@; }
QHeaderView::section { background: @panel@; color: @secondary@; border: none; padding: 4px 8px; }
QScrollArea, QStackedWidget, QSplitter { background: transparent; border: none; }
QSplitter::handle { background: @hairline@; }

QMenu { background: @panel@; color: @text@; border: 1px solid @hairline@; border-radius: @radius@px;
    padding: 6px; }
QMenu::item { padding: 6px 28px 6px 12px; border-radius: 6px; background: transparent; }
QMenu::item:selected { background: @selection@; color: @text@; }
QMenu::item:disabled { color: @disabled@; }
QMenu::separator { height: 1px; background: @hairline@; margin: 6px 8px; }
QMenu::icon { padding-left: 8px; }
QToolTip { background: @raised@; color: @text@; border: 1px solid @hairline@; padding: 4px 8px; }

QScrollBar { background: transparent; border: none; margin: 0; }
QScrollBar:vertical { width: 12px; }
QScrollBar:horizontal { height: 12px; }
QScrollBar::handle { background: @handle@; border-radius: 3px; margin: 3px; }
QScrollBar::handle:disabled { background: transparent; }
QScrollBar::handle:vertical { min-height: 36px; }
QScrollBar::handle:horizontal { min-width: 36px; }
QScrollBar::handle:hover { background: @secondary@; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; border: none; background: none; }
QScrollBar::add-page, QScrollBar::sub-page { background: none; }

QSlider { background: transparent; min-height: 20px; }
QSlider::groove:horizontal { height: 2px; background: @handle@; border-radius: 1px; }
QSlider::sub-page:horizontal { background: @secondary@; border-radius: 1px; }
QSlider::handle:horizontal { width: 12px; height: 12px; margin: -5px 0; border-radius: 6px;
    background: @secondary@; }
QSlider::handle:horizontal:hover, QSlider::handle:horizontal:focus { background: @accent@; }
QProgressBar { background: @raised@; border: none; border-radius: 2px; min-height: 4px; max-height: 4px; }
QProgressBar::chunk { background: @accent@; border-radius: 2px; }
"""
