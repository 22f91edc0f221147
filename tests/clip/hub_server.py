"""A hub on loopback: what huggingface.co answers to HEAD and GET of a file, and what can go wrong with it.

Big files are kept as the hub keeps them: HEAD answers with a redirect and X-Linked-… headers. It serves one
request at a time, so that what it has seen is in order.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass(frozen=True)
class Trouble:
    """What goes wrong with one request: a status, a cut after so many bytes, other bytes, no ranges."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    drop_after: int | None = None
    content: bytes | None = None
    whole: bool = False


@dataclass(frozen=True)
class Seen:
    method: str
    path: str
    headers: dict[str, str]


class Hub:
    """`files` by path; `troubles` by method and path, one used up with each request."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.files: dict[str, bytes] = {}
        self.troubles: dict[tuple[str, str], list[Trouble]] = {}
        self.seen: list[Seen] = []
        self.etags: dict[str, str] = {}  # by path, where it is not the right one

    def put(self, repository: str, name: str, content: bytes) -> str:
        """A file of a repository; returns its path."""
        path = f"/{repository}/resolve/main/{name}"
        self.files[path] = content
        return path

    def trouble(self, method: str, path: str, *troubles: Trouble) -> None:
        self.troubles.setdefault((method, path), []).extend(troubles)

    def asked(self, method: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.method == method]

    def ranges(self) -> list[str]:
        """The Range headers of the GETs of weights; empty where there was none."""
        return [seen.headers.get("Range", "") for seen in self.asked("GET") if ".json" not in seen.path]


def etag(path: str, content: bytes) -> str:
    """git's sha1 of small text, sha256 of what is kept as a big file."""
    if path.endswith(".json"):
        return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    return hashlib.sha256(content).hexdigest()


class Handler(BaseHTTPRequestHandler):
    hub: Hub

    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        self.answer()

    def answer(self) -> None:
        path = self.path.removeprefix("http://hub.invalid")  # as a proxy is asked
        self.hub.seen.append(Seen(self.command, self.path, dict(self.headers)))
        waiting = self.hub.troubles.get((self.command, path), [])
        trouble = waiting.pop(0) if waiting else Trouble()
        content = self.hub.files.get(path)
        if trouble.status or content is None:
            self.send_response(trouble.status or 404)
            self.send_all({"Content-Length": "0", **trouble.headers})
        elif self.command == "HEAD":
            self.tell(path, content)
        else:
            self.serve(content if trouble.content is None else trouble.content, trouble)

    def tell(self, path: str, content: bytes) -> None:
        told = self.hub.etags.get(path, etag(path, content))
        if path.endswith(".json") or path.startswith("/openai/"):
            self.send_response(200)
            self.send_all(
                {"ETag": f'W/"{told}"', "Content-Length": str(len(content)), "X-Repo-Commit": COMMIT}
            )
            return
        self.send_response(302)
        linked = {"X-Linked-Etag": f'"{told}"', "X-Linked-Size": str(len(content)), "X-Repo-Commit": COMMIT}
        self.send_all({"Location": "http://storage.invalid/blob", "Content-Length": "0", **linked})

    def serve(self, content: bytes, trouble: Trouble) -> None:
        start, total = 0, len(content)
        asked = self.headers.get("Range", "")
        if asked and not trouble.whole:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        else:
            self.send_response(200)
        self.send_all({"Content-Length": str(total - start)})
        end = total if trouble.drop_after is None else start + trouble.drop_after
        self.wfile.write(content[start:end])

    def send_all(self, headers: dict[str, str]) -> None:
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None: ...


class Server(HTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked has gone: that is what some tests are about."""


@contextmanager
def serving() -> Iterator[Hub]:
    handler = type("BoundHandler", (Handler,), {})
    with Server(("127.0.0.1", 0), handler) as server:
        hub = Hub(f"http://127.0.0.1:{server.server_address[1]}")
        handler.hub = hub  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), name="hub")
        thread.start()
        try:
            yield hub
        finally:
            server.shutdown()
            thread.join()
