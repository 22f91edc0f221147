"""Numbers, times and sizes as people of the system's language write them."""

import math

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale, QTimeZone


def number(value: int) -> str:
    """A count with the locale's thousands separators."""
    return QLocale().toString(value)


def photos(count: int) -> str:
    """A number of photos: 1 photo, 1,204 photos."""
    if count == 1:
        return QCoreApplication.translate("words", "1 photo")
    return QCoreApplication.translate("words", "{count} photos").format(count=number(count))


def live_album() -> str:
    """What a live album is, for a screen reader."""
    return QCoreApplication.translate("words", "live album")


def size(count: int) -> str:
    """A number of bytes, in decimal units with one digit ("11.4 MB")."""
    return QLocale().formattedDataSize(count, 1, QLocale.DataSizeFormat.DataSizeSIFormat)


def moment(seconds: float) -> str:
    """A local camera time (kept as if it were UTC): "14 Dec 2023, 15:42"."""
    when = QDateTime.fromSecsSinceEpoch(int(seconds), QTimeZone(QTimeZone.Initialization.UTC))
    locale = QLocale()
    return f"{locale.toString(when.date(), 'd MMM yyyy')}, {locale.toString(when.time(), 'HH:mm')}"


def duration(seconds: float) -> str:
    """How long a video is, as players write it: "0:12", "1:02:03"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def speed(per_second: float) -> str:
    """Photos a second: 38/s, 0.4/s."""
    digits = 0 if per_second >= 10 else 1
    value = QLocale().toString(float(per_second), "f", digits)
    return QCoreApplication.translate("words", "{value}/s").format(value=value)


def byte_speed(per_second: float) -> str:
    """Bytes a second: 3.4 MB/s."""
    return QCoreApplication.translate("words", "{value}/s").format(value=size(round(per_second)))


def time_left(seconds: float) -> str:
    """A remaining time, as rough as its certainty: "40 s left", "18 min left", "3 h left"."""
    if seconds < 55:
        step = max(5, math.ceil(seconds / 5) * 5)
        return QCoreApplication.translate("words", "{value} s left").format(value=number(step))
    if seconds < 90 * 60:
        value = number(max(1, round(seconds / 60)))
        return QCoreApplication.translate("words", "{value} min left").format(value=value)
    return QCoreApplication.translate("words", "{value} h left").format(value=number(round(seconds / 3600)))


def reading(serving: str, coming: str, counted: str) -> str:
    """Which model searches while another reads the photos, and how many of how many it has read."""
    sentence = QCoreApplication.translate("words", "Searching with {0} while {1} reads your photos: {2}")
    return sentence.format(serving, coming, counted)


def coordinates(latitude: float, longitude: float) -> str:
    """A position, as in 63.4186° N, 19.0060° W."""
    tr = QCoreApplication.translate
    north = tr("words", "N") if latitude >= 0 else tr("words", "S")
    east = tr("words", "E") if longitude >= 0 else tr("words", "W")
    return f"{_degrees(latitude)} {north}, {_degrees(longitude)} {east}"


def _degrees(value: float) -> str:
    return QLocale().toString(float(abs(value)), "f", 4) + "°"
