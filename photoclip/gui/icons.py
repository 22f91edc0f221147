"""Icons: the Phosphor glyphs that QtAwesome carries, drawn in the theme's own colours.

QtAwesome's fonts are read directly. Its import takes 0.3 s (it loads all of qtpy and six icon sets),
which is a third of the time the window has to show its first photos; and its icons keep the colour
they were made with, while these ask the theme each time they are painted.
"""

from __future__ import annotations

import functools
import importlib.util
import json
from pathlib import Path

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QIconEngine, QImage, QPainter, QPainterPath, QPixmap, QRawFont

from photoclip.gui import theme

_DESIGN_PX = 64.0  # glyph outlines are taken at this size and scaled


def icon(name: str, colour: str = "secondary", *, active: str = "text") -> QIcon:
    """The Phosphor glyph `name` ("magnifying-glass") in a colour of the theme, named by its token.

    A name that is not in the font is a KeyError here, not while painting, where Qt cannot take one.
    """
    _outline(name)
    return QIcon(_GlyphEngine(name, colour, active))


def draw(painter: QPainter, name: str, rect: QRect, colour: str) -> None:
    """Paint one glyph into `rect` in the colour "#RRGGBB"."""
    side = min(rect.width(), rect.height())
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(QRectF(rect).center())
    painter.scale(side / _DESIGN_PX, side / _DESIGN_PX)
    painter.fillPath(_outline(name), QColor(colour))
    painter.restore()


class _GlyphEngine(QIconEngine):
    def __init__(self, name: str, colour: str, active: str) -> None:
        super().__init__()
        self._arguments = (name, colour, active)

    def clone(self) -> QIconEngine:
        return _GlyphEngine(*self._arguments)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        name, colour, active = self._arguments
        shown = theme.tokens()
        ink: str = getattr(shown, active if mode == QIcon.Mode.Active else colour)
        if state == QIcon.State.On:
            ink = shown.accent
        if mode == QIcon.Mode.Disabled:
            ink = theme.mix(shown.panel, shown.secondary, 0.6)
        draw(painter, name, rect, ink)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        image = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return QPixmap.fromImage(image)


@functools.cache
def _outline(name: str) -> QPainterPath:
    """The glyph's outline with its em square centred on the origin."""
    font, codes = _font()
    (glyph,) = font.glyphIndexesForString(chr(int(codes[name], 16)))
    path = font.pathForGlyph(glyph)
    path.translate(-_DESIGN_PX / 2, (font.ascent() - font.descent()) / 2)
    return path


@functools.cache
def _font() -> tuple[QRawFont, dict[str, str]]:
    spec = importlib.util.find_spec("qtawesome")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("QtAwesome, which carries the icon font, is not installed")
    fonts = Path(spec.submodule_search_locations[0], "fonts")
    font_file, codes = next(fonts.glob("phosphor-*.ttf")), next(fonts.glob("phosphor-charmap-*.json"))
    font = QRawFont(str(font_file), _DESIGN_PX, QFont.HintingPreference.PreferNoHinting)
    return font, json.loads(codes.read_text(encoding="utf-8"))
