"""Showing a file where the system's own file manager has it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from urllib.parse import quote_from_bytes

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from photoclip.gui.session import Session

ANSWER_MS = 5000
FILE_MANAGER = "org.freedesktop.FileManager1"


def reveal(session: Session, paths: Sequence[bytes]) -> None:
    """Select the files in the file manager, where it takes one alone the first; else open its folder."""
    folder = os.path.dirname(paths[0])  # noqa: PTH120 (bytes, which pathlib cannot hold)

    def open_folder(selected: bool) -> None:
        if not selected:
            QDesktopServices.openUrl(QUrl.fromEncoded(file_uri(folder).encode()))

    session.compute(lambda _cancelled: _select(paths), open_folder)


def open_file(path: bytes) -> bool:
    """Open the file in the program that the system has for its kind; False where it has none."""
    return QDesktopServices.openUrl(QUrl.fromEncoded(file_uri(path).encode()))


def file_uri(path: bytes) -> str:
    """A path as an address; bytes that are not UTF-8 survive."""
    text = path.replace(b"\\", b"/") if os.name == "nt" else path
    return "file://" + ("/" if not text.startswith(b"/") else "") + quote_from_bytes(text)


def _select(paths: Sequence[bytes]) -> bool:
    if sys.platform == "win32":
        subprocess.Popen(f'explorer /select,"{os.fsdecode(paths[0])}"')
        return True
    if sys.platform == "darwin":
        return subprocess.run(["open", "-R", *paths], check=False).returncode == 0
    from PySide6.QtDBus import QDBus, QDBusConnection, QDBusMessage

    message = QDBusMessage.createMethodCall(
        FILE_MANAGER, "/org/freedesktop/FileManager1", FILE_MANAGER, "ShowItems"
    )
    message.setArguments([[file_uri(path) for path in paths], ""])
    bus = QDBusConnection.sessionBus()
    if not bus.isConnected():
        return False
    answer = bus.call(message, QDBus.CallMode.Block, ANSWER_MS)
    return answer.type() == QDBusMessage.MessageType.ReplyMessage
