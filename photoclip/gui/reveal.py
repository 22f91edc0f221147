"""Showing a file where the system's own file manager has it."""

from __future__ import annotations

import os
import subprocess
import sys
from urllib.parse import quote_from_bytes

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from photoclip.gui.session import Session

ANSWER_MS = 5000
FILE_MANAGER = "org.freedesktop.FileManager1"


def reveal(session: Session, path: bytes) -> None:
    """Select the file in the file manager; where none can do that, open its folder."""
    folder = os.path.dirname(path)  # noqa: PTH120 (bytes, which pathlib cannot hold)

    def open_folder(selected: bool) -> None:
        if not selected:
            QDesktopServices.openUrl(QUrl.fromEncoded(file_uri(folder).encode()))

    session.compute(lambda _cancelled: _select(path), open_folder)


def open_file(path: bytes) -> None:
    """Open the file in the program that the system has for its kind."""
    QDesktopServices.openUrl(QUrl.fromEncoded(file_uri(path).encode()))


def file_uri(path: bytes) -> str:
    """A path as an address; bytes that are not UTF-8 survive."""
    text = path.replace(b"\\", b"/") if os.name == "nt" else path
    return "file://" + ("/" if not text.startswith(b"/") else "") + quote_from_bytes(text)


def _select(path: bytes) -> bool:
    if sys.platform == "win32":
        subprocess.Popen(f'explorer /select,"{os.fsdecode(path)}"')
        return True
    if sys.platform == "darwin":
        return subprocess.run(["open", "-R", path], check=False).returncode == 0
    from PySide6.QtDBus import QDBus, QDBusConnection, QDBusMessage

    message = QDBusMessage.createMethodCall(
        FILE_MANAGER, "/org/freedesktop/FileManager1", FILE_MANAGER, "ShowItems"
    )
    message.setArguments([[file_uri(path)], ""])
    bus = QDBusConnection.sessionBus()
    if not bus.isConnected():
        return False
    answer = bus.call(message, QDBus.CallMode.Block, ANSWER_MS)
    return answer.type() == QDBusMessage.MessageType.ReplyMessage
