"""The few words the grid itself says."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLocale

from photoclip.gui.grid.content import NO_DATE


def month_title(month: int) -> str:
    """ "December 2023" for a number of months since January 1970, in the system's language."""
    if month <= NO_DATE:
        return QCoreApplication.translate("Grid", "No date")
    year, of_year = divmod(month, 12)
    return f"{QLocale().standaloneMonthName(of_year + 1)} {year + 1970}"


def number(value: int) -> str:
    """A count with the system's thousands separators."""
    return QLocale().toString(value)


def weaker_title(count: int) -> str:
    if count == 1:
        return QCoreApplication.translate("Grid", "1 weaker match")
    return QCoreApplication.translate("Grid", "{0} weaker matches").format(number(count))


def show_or_hide(shown: bool) -> str:
    translate = QCoreApplication.translate
    return translate("Grid", "Hide") if shown else translate("Grid", "Show")
