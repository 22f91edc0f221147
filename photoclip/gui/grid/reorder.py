"""Putting photos into another order: where a drop would go, and what the order is after it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import QRect

from photoclip.gui import theme
from photoclip.gui.grid.layout import Layout


def moved(ids: Sequence[int], chosen: Collection[int], gap: int) -> list[int]:
    """`ids` with the chosen ones together in front of what is at `gap` (its length: at the end)."""
    before = [each for each in ids[:gap] if each not in chosen]
    after = [each for each in ids[gap:] if each not in chosen]
    return [*before, *(each for each in ids if each in chosen), *after]


def shifted(ids: Sequence[int], chosen: Collection[int], by: int) -> list[int]:
    """`ids` with the chosen ones together, one place earlier (`by` -1) or later (`by` 1)."""
    places = [place for place, each in enumerate(ids) if each in chosen]
    if not places:
        return list(ids)
    return moved(ids, chosen, max(0, places[0] - 1) if by < 0 else places[-1] + 2)


def place_at(layout: Layout, x: int, y: int, count: int) -> tuple[int, QRect]:
    """Where a drop at (x, y) of the content goes: the row it comes before, and the line that shows it.

    For content without headers, as an album is in its own order.
    """
    line = max(0, min(y // layout.pitch, (count - 1) // layout.columns))
    on_line = min(layout.columns, count - line * layout.columns)
    column = (x - layout.left + layout.pitch // 2) // layout.pitch
    column = max(0, min(layout.columns - column if layout.mirrored else column, on_line))
    across = layout.columns - column if layout.mirrored else column
    left = layout.left + across * layout.pitch - theme.GUTTER
    return line * layout.columns + column, QRect(left, line * layout.pitch, theme.GUTTER, layout.cell)
