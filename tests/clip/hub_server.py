"""A hub on loopback: what huggingface.co answers to HEAD and GET of a file, what it says of a repository, and
what can go wrong with it.

Big files are kept as the hub keeps them: HEAD answers with a redirect and X-Linked-… headers. It serves one
request at a time, so that what it has seen is in order.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

API = "/api/models/"
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
        self.said: dict[str, dict[str, Any]] = {}  # by repository, besides its files

    def put(self, repository: str, name: str, content: bytes) -> str:
        """A file of a repository; returns its path."""
        path = f"/{repository}/resolve/main/{name}"
        self.files[path] = content
        return path

    def put_folder(self, repository: str, folder: Path) -> None:
        """The files of a folder, as a repository."""
        for path in folder.iterdir():
            self.put(repository, path.name, path.read_bytes())

    def describe(self, repository: str) -> dict[str, Any] | None:
        """What the hub's API says of a repository, as `HfApi.model_info(files_metadata=True)` asks it."""
        start = f"/{repository}/resolve/main/"
        files = {path.removeprefix(start): path for path in self.files if path.startswith(start)}
        if not files and repository not in self.said:
            return None
        siblings = [self._sibling(name, path) for name, path in files.items()]
        return {"id": repository, "sha": COMMIT, "siblings": siblings} | self.said.get(repository, {})

    def _sibling(self, name: str, path: str) -> dict[str, Any]:
        content, told = self.files[path], self.etags.get(path, etag(path, self.files[path]))
        small = {"rfilename": name, "size": len(content), "blobId": told if is_small(path) else "0" * 40}
        big = {"lfs": {"sha256": told, "size": len(content), "pointerSize": 134}}
        return small if is_small(path) else small | big

    def trouble(self, method: str, path: str, *troubles: Trouble) -> None:
        self.troubles.setdefault((method, path), []).extend(troubles)

    def asked(self, method: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.method == method]

    def ranges(self) -> list[str]:
        """The Range headers of the GETs of weights; empty where there was none."""
        gets = [seen for seen in self.asked("GET") if API not in seen.path and ".json" not in seen.path]
        return [seen.headers.get("Range", "") for seen in gets]


def is_small(path: str) -> bool:
    return path.endswith(".json")


def etag(path: str, content: bytes) -> str:
    """git's sha1 of small text, sha256 of what is kept as a big file."""
    if is_small(path):
        return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    return hashlib.sha256(content).hexdigest()


class Handler(BaseHTTPRequestHandler):
    hub: Hub

    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        self.answer()

    def answer(self) -> None:
        path, _, query = self.path.removeprefix("http://hub.invalid").partition("?")  # as a proxy is asked
        path = path.replace(f"/resolve/{COMMIT}/", "/resolve/main/")
        self.hub.seen.append(Seen(self.command, self.path, dict(self.headers)))
        waiting = self.hub.troubles.get((self.command, path), [])
        trouble = waiting.pop(0) if waiting else Trouble()
        if path.startswith(API) and not trouble.status:
            self.say(self.hub.describe(path.removeprefix(API)), trouble, query)
            return
        content = self.hub.files.get(path)
        if trouble.status or content is None:
            self.send_response(trouble.status or 404)
            self.send_all({"Content-Length": "0", **trouble.headers})
        elif self.command == "HEAD":
            self.tell(path, content)
        else:
            self.serve(content if trouble.content is None else trouble.content, trouble)

    def say(self, known: dict[str, Any] | None, trouble: Trouble, query: str) -> None:
        """Of a repository that is not there it is not said that it is not."""
        self.send_response(200 if known else 401)
        if known and query != "blobs=true":
            known["siblings"] = [{"rfilename": file["rfilename"]} for file in known["siblings"]]
        content = json.dumps(known).encode() if trouble.content is None else trouble.content
        self.send_all({"Content-Length": str(len(content)), "Content-Type": "application/json"})
        self.wfile.write(content)

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
