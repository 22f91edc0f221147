"""What goes wrong between here and a server: why, in words for people, and whether another try may help."""

from __future__ import annotations

import email.utils
import time
from dataclasses import dataclass
from http import HTTPStatus

import requests
from requests import exceptions

from photoclip.errors import ModelError


class DownloadError(ModelError):
    """A file cannot be had from one server; `status` is its HTTP answer, or 0 when there was none."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Fault:
    """`reason` ends a sentence and says what to do. `after`: the seconds the server asks to wait."""

    reason: str
    again: bool = False
    after: float | None = None
    status: int = 0


class FaultError(Exception):
    """Carries a Fault to who decides whether to try again."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.reason)
        self.fault = fault


API = "/api/models/"  # under the hub's address: what it says of a model's repository
DROPPED = Fault("the connection was dropped; try again, what has arrived is kept", again=True)


def raise_for(response: requests.Response, page: str, now: float | None = None) -> None:
    """Raises FaultError unless the server gives what was asked for. `page` is where a person can look."""
    status = response.status_code
    if status < HTTPStatus.BAD_REQUEST:
        return
    after = _retry_after(response.headers.get("Retry-After", ""), time.time() if now is None else now)
    raise FaultError(_fault(response, page, status, after))


def _fault(response: requests.Response, page: str, status: int, after: float | None) -> Fault:
    if _is_no_repository(response):
        return Fault(_NO_REPOSITORY, status=HTTPStatus.NOT_FOUND)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return Fault(_not_allowed(response, page), status=status)
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        return Fault(f"it is not there, it may have been moved; see {page}", status=status)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        when = f"in {_duration(after)}" if after else "later"
        return Fault(f"too much was asked of the server; try again {when}", True, after, status)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Fault(f"the server has a fault of its own ({status}); try again later", True, after, status)
    return Fault(f"the server answered {status} {response.reason}; see {page}", status=status)


_NO_REPOSITORY = (
    "there is no such repository, or it is a private one; check the name, or set HF_TOKEN to your token"
)


def _is_no_repository(response: requests.Response) -> bool:
    """The hub answers a question about a repository that is not there, or private, with 401."""
    code = response.headers.get("X-Error-Code", "")
    asked = response.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND) and API in response.url
    return code == "RepoNotFound" or (asked and not code and not _is_stale(response))


def _is_stale(response: requests.Response) -> bool:
    return "credentials" in response.headers.get("X-Error-Message", "")


def _not_allowed(response: requests.Response, page: str) -> str:
    if _is_stale(response):
        return "the hub does not take the token it was sent; renew the one in HF_TOKEN, or unset it"
    return (
        f"its licence has to be accepted first; sign in and do so at {page}, then set HF_TOKEN to your token"
    )


def fault_of(error: exceptions.RequestException) -> Fault:
    """What an exception of requests stands for."""
    if isinstance(error, exceptions.ProxyError):
        return Fault("the proxy cannot be reached or refuses; check the variables HTTPS_PROXY and NO_PROXY")
    if isinstance(error, exceptions.SSLError):
        return Fault("the server's certificate cannot be trusted; check this machine's clock and its proxy")
    if isinstance(error, exceptions.Timeout):
        return Fault("the server does not answer in time; try again later", again=True)
    if isinstance(error, exceptions.ConnectionError):
        return Fault("the server cannot be reached; check the network and try again", again=True)
    if isinstance(error, exceptions.ChunkedEncodingError | exceptions.ContentDecodingError):
        return DROPPED
    if isinstance(error, ValueError):  # how requests marks every address it cannot use
        return Fault("that is not an address of a server; check the variable HF_ENDPOINT and the proxy's")
    return Fault(f"the request failed ({type(error).__name__}); try again later")


def _retry_after(header: str, now: float) -> float | None:
    """Seconds from a Retry-After header, which is a number or a date (RFC 9110, 10.2.3)."""
    if header.strip().isdecimal():
        return float(header)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(header).timestamp() - now)
    except (ValueError, TypeError):
        return None


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"
