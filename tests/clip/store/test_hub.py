"""Downloads, from a hub on loopback that can do everything wrong. Nothing sleeps or leaves the machine."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import requests

from photoclip.clip.registry import PublishedModel
from photoclip.clip.store import room
from photoclip.clip.store.faults import DownloadError
from photoclip.clip.store.hub import CONFIG, WEIGHTS, download
from photoclip.clip.store.job import Job
from photoclip.errors import Cancelled, DiskFull, ModelError
from tests.clip.hub_server import Hub, Trouble
from tests.clip.small_models import SMALL

CONTENT = bytes(range(256)) * 1200  # several pieces
REPOSITORY = "somebody/small"
MODEL = PublishedModel("small", SMALL["vit"], REPOSITORY, "MIT", "Small.")
DIGEST = hashlib.sha256(CONTENT).hexdigest()
OPENAI = replace(MODEL, file="small.pt", sha256=DIGEST, alias="Small")
WEIGHTS_PATH = f"/{REPOSITORY}/resolve/main/{WEIGHTS[0]}"
CONFIG_PATH = f"/{REPOSITORY}/resolve/main/{CONFIG}"
OPENAI_PATH = f"/openai/{DIGEST}/small.pt"


@dataclass
class Waiter:
    """A job whose clock goes on by itself and whose waits only are noted."""

    waits: list[float] = field(default_factory=list)
    reports: list[tuple[int, int, float, float]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    cancel: threading.Event = field(default_factory=threading.Event)
    cancel_at: int | None = None
    now: float = 0.0

    @property
    def job(self) -> Job:
        return Job(
            self.cancel, self._report, self.said.append, self._clock, lambda event, s: self.waits.append(s)
        )

    def _clock(self) -> float:
        self.now += 1.0
        return self.now

    def _report(self, *report: float) -> None:
        self.reports.append(report)  # type: ignore[arg-type]
        if self.cancel_at is not None and report[0] >= self.cancel_at:
            self.cancel.set()


@pytest.fixture
def waiter() -> Waiter:
    return Waiter()


@pytest.fixture
def filled(hub: Hub) -> Hub:
    hub.put(REPOSITORY, WEIGHTS[0], CONTENT)
    hub.put(REPOSITORY, CONFIG, b"{}")
    return hub


def parts(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_weights_and_their_config_arrive(filled: Hub, tmp_path: Path, waiter: Waiter) -> None:
    weights = download(MODEL, tmp_path, "", waiter.job)
    assert weights == tmp_path / WEIGHTS[0]
    assert weights.read_bytes() == CONTENT
    assert (tmp_path / CONFIG).read_bytes() == b"{}"
    assert parts(tmp_path) == sorted([CONFIG, WEIGHTS[0]])
    assert waiter.waits == waiter.said == []
    assert all("Authorization" not in seen.headers for seen in filled.seen)
    assert {seen.headers["User-Agent"].split("/")[0] for seen in filled.seen} == {"photoclip"}


def test_progress_only_grows_and_tells_speed_and_time(filled: Hub, tmp_path: Path, waiter: Waiter) -> None:
    download(MODEL, tmp_path, "", waiter.job)
    done = [report[0] for report in waiter.reports]
    assert done == sorted(done)
    assert len(set(done)) > 3
    assert done[-1] == len(CONTENT)
    assert {report[1] for report in waiter.reports} == {len(CONTENT)}
    middle = waiter.reports[2]
    assert middle[2] == pytest.approx(65536, rel=0.01)  # a piece each second
    assert middle[3] == pytest.approx((len(CONTENT) - middle[0]) / middle[2])
    assert waiter.reports[-1][3] == 0


def test_a_dropped_connection_is_resumed(filled: Hub, tmp_path: Path, waiter: Waiter) -> None:
    filled.trouble("GET", WEIGHTS_PATH, Trouble(drop_after=150_000), Trouble(drop_after=70_000))
    assert download(MODEL, tmp_path, "", waiter.job).read_bytes() == CONTENT
    first, second, third = filled.ranges()
    assert (first, second[:6], third[:6]) == ("", "bytes=", "bytes=")
    assert 0 < int(second[6:-1]) <= 150_000
    assert int(second[6:-1]) < int(third[6:-1]) <= 220_000
    assert len(waiter.waits) == 2
    assert [report[0] for report in waiter.reports] == sorted(report[0] for report in waiter.reports)


def test_a_connection_that_always_drops_is_a_sentence(filled: Hub, tmp_path: Path, waiter: Waiter) -> None:
    filled.trouble("GET", WEIGHTS_PATH, *[Trouble(drop_after=0)] * 9)
    with pytest.raises(DownloadError, match="small cannot be downloaded from 127.0.0.1:.*dropped"):
        download(MODEL, tmp_path, "", waiter.job)
    assert len(filled.ranges()) == 5
    assert waiter.waits == [1, 2, 4, 8]


def test_a_killed_download_goes_on_where_it_was(filled: Hub, tmp_path: Path, waiter: Waiter) -> None:
    part = tmp_path / f"{WEIGHTS[0]}.{DIGEST[:16]}.part"
    part.write_bytes(CONTENT[:100_001])
    assert download(MODEL, tmp_path, "", waiter.job).read_bytes() == CONTENT
    assert filled.ranges() == ["bytes=100001-"]
    assert not part.exists()


def test_the_part_of_another_version_is_not_continued(filled: Hub, tmp_path: Path, waiter: Waiter) -> None:
    (tmp_path / f"{WEIGHTS[0]}.{'0' * 16}.part").write_bytes(b"other")
    assert download(MODEL, tmp_path, "", waiter.job).read_bytes() == CONTENT
    assert filled.ranges() == [""]


def test_what_arrived_whole_is_not_fetched_again(filled: Hub, tmp_path: Path, waiter: Waiter) -> None:
    (tmp_path / WEIGHTS[0]).write_bytes(CONTENT)
    assert download(MODEL, tmp_path, "", waiter.job).read_bytes() == CONTENT
    assert filled.ranges() == []


def test_what_arrived_whole_of_another_version_is_fetched_again(
    filled: Hub, tmp_path: Path, waiter: Waiter
) -> None:
    (tmp_path / WEIGHTS[0]).write_bytes(CONTENT[:1000])
    (tmp_path / CONFIG).write_bytes(b"{ }")
    assert download(MODEL, tmp_path, "", waiter.job).read_bytes() == CONTENT
    assert (tmp_path / CONFIG).read_bytes() == b"{}"
    assert filled.ranges() == [""]


def test_a_server_without_ranges_sends_all_again(filled: Hub, tmp_path: Path, waiter: Waiter) -> None:
    filled.trouble("GET", WEIGHTS_PATH, Trouble(drop_after=150_000), Trouble(whole=True))
    assert download(MODEL, tmp_path, "", waiter.job).read_bytes() == CONTENT


def test_a_range_that_is_refused_begins_again(filled: Hub, tmp_path: Path, waiter: Waiter) -> None:
    (tmp_path / f"{WEIGHTS[0]}.{DIGEST[:16]}.part").write_bytes(CONTENT[:1000])
    filled.trouble("GET", WEIGHTS_PATH, Trouble(status=416))
    assert download(MODEL, tmp_path, "", waiter.job).read_bytes() == CONTENT
    assert filled.ranges() == ["bytes=1000-", ""]


@pytest.mark.parametrize("content", [CONTENT[:-1] + b"x", CONTENT + b"more" * 50_000])
def test_a_wrong_hash_deletes_the_file(filled: Hub, tmp_path: Path, waiter: Waiter, content: bytes) -> None:
    filled.trouble("GET", WEIGHTS_PATH, Trouble(content=content))
    with pytest.raises(DownloadError, match="its hash differs.*deleted; try again"):
        download(MODEL, tmp_path, "", waiter.job)
    assert parts(tmp_path) == [CONFIG]


def test_a_wrong_config_is_refused_as_well(filled: Hub, tmp_path: Path, waiter: Waiter) -> None:
    filled.trouble("GET", CONFIG_PATH, Trouble(content=b"[]"))
    with pytest.raises(DownloadError, match="its hash differs"):
        download(MODEL, tmp_path, "", waiter.job)
    assert parts(tmp_path) == []


def test_a_server_that_tells_no_hash_is_refused(filled: Hub, tmp_path: Path, waiter: Waiter) -> None:
    filled.etags[WEIGHTS_PATH] = "1234-abc"
    with pytest.raises(DownloadError, match="does not say the file's size and hash.*use another mirror"):
        download(MODEL, tmp_path, "", waiter.job)
    assert filled.asked("GET") == []


def test_older_repositories_have_another_file(filled: Hub, tmp_path: Path, waiter: Waiter) -> None:
    filled.files[WEIGHTS_PATH.replace(*WEIGHTS)] = filled.files.pop(WEIGHTS_PATH)
    assert download(MODEL, tmp_path, "", waiter.job) == tmp_path / WEIGHTS[1]


def test_not_found_names_the_page(hub: Hub, tmp_path: Path, waiter: Waiter) -> None:
    with pytest.raises(
        DownloadError, match=f"small cannot .* not there.* see {hub.address}/{REPOSITORY}"
    ) as error:
        download(MODEL, tmp_path, "", waiter.job)
    assert error.value.status == 404
    assert waiter.waits == []


@pytest.mark.parametrize("status", [401, 403])
def test_a_gated_model_says_what_to_accept(filled: Hub, tmp_path: Path, waiter: Waiter, status: int) -> None:
    filled.trouble("HEAD", WEIGHTS_PATH, Trouble(status, {"X-Error-Code": "GatedRepo"}))
    with pytest.raises(DownloadError, match=f"licence has to be accepted.*{REPOSITORY}, then set HF_TOKEN"):
        download(MODEL, tmp_path, "", waiter.job)


def test_a_token_is_sent_to_the_hub_and_a_stale_one_named(
    filled: Hub, tmp_path: Path, waiter: Waiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    download(MODEL, tmp_path, "", waiter.job)
    assert {seen.headers["Authorization"] for seen in filled.seen} == {"Bearer hf_secret"}
    stale = {"X-Error-Message": "Invalid credentials in Authorization header"}
    filled.trouble("HEAD", WEIGHTS_PATH, Trouble(401, stale))
    with pytest.raises(DownloadError, match="renew the one in HF_TOKEN"):
        download(MODEL, tmp_path, "", waiter.job)


def test_too_many_requests_are_waited_out(filled: Hub, tmp_path: Path, waiter: Waiter) -> None:
    filled.trouble("HEAD", WEIGHTS_PATH, Trouble(429, {"Retry-After": "7"}))
    filled.trouble("GET", WEIGHTS_PATH, Trouble(429, {"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}))
    assert download(MODEL, tmp_path, "", waiter.job).read_bytes() == CONTENT
    assert waiter.waits == [7, 0]


def test_a_long_wait_is_left_to_the_person(filled: Hub, tmp_path: Path, waiter: Waiter) -> None:
    filled.trouble("HEAD", WEIGHTS_PATH, Trouble(429, {"Retry-After": "600"}))
    with pytest.raises(DownloadError, match="too much was asked of the server; try again in 10 minutes"):
        download(MODEL, tmp_path, "", waiter.job)
    assert waiter.waits == []


def test_too_many_requests_for_ever(filled: Hub, tmp_path: Path, waiter: Waiter) -> None:
    filled.trouble("HEAD", WEIGHTS_PATH, *[Trouble(429, {"Retry-After": "1"})] * 9)
    with pytest.raises(DownloadError, match="too much was asked"):
        download(MODEL, tmp_path, "", waiter.job)
    assert waiter.waits == [1] * 4


def test_a_server_s_own_fault_passes_or_is_a_sentence(filled: Hub, tmp_path: Path, waiter: Waiter) -> None:
    filled.trouble("HEAD", WEIGHTS_PATH, Trouble(500))
    filled.trouble("GET", WEIGHTS_PATH, Trouble(503))
    assert download(MODEL, tmp_path, "", waiter.job).read_bytes() == CONTENT
    assert waiter.waits == [1, 1]
    filled.trouble("HEAD", WEIGHTS_PATH, *[Trouble(500)] * 9)
    with pytest.raises(DownloadError, match=r"a fault of its own \(500\); try again later"):
        download(MODEL, tmp_path, "", waiter.job)


def test_no_network_is_a_sentence(
    tmp_path: Path, waiter: Waiter, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # the port that discards: nothing listens
    with pytest.raises(DownloadError, match="127.0.0.1:9: the server cannot be reached; check the network"):
        download(MODEL, tmp_path, "", waiter.job)
    assert waiter.waits == [1, 2, 4, 8]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (requests.exceptions.ReadTimeout(), "does not answer in time; try again later"),
        (requests.exceptions.SSLError(), "certificate cannot be trusted"),
        (requests.exceptions.ProxyError(), "proxy cannot be reached or refuses; check the variables"),
        (requests.exceptions.TooManyRedirects(), "the request failed"),
    ],
)
def test_other_faults_are_sentences(
    hub: Hub, tmp_path: Path, waiter: Waiter, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(requests.Session, "head", fail)
    with pytest.raises(DownloadError, match=f"small cannot be downloaded from .*{said}"):
        download(MODEL, tmp_path, "", waiter.job)


def test_an_address_that_is_none(
    hub: Hub, tmp_path: Path, waiter: Waiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "mirror")
    with pytest.raises(DownloadError, match="check the variable HF_ENDPOINT"):
        download(MODEL, tmp_path, "", waiter.job)


def test_offline_mode_is_honoured(
    filled: Hub, tmp_path: Path, waiter: Waiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(DownloadError, match="HF_HUB_OFFLINE"):
        download(MODEL, tmp_path, "", waiter.job)
    assert filled.seen == []


def test_a_proxy_is_honoured(
    filled: Hub, tmp_path: Path, waiter: Waiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.invalid/")
    monkeypatch.setenv("HTTP_PROXY", filled.address)
    assert download(MODEL, tmp_path, "", waiter.job).read_bytes() == CONTENT
    assert all(seen.path.startswith("http://hub.invalid/somebody/") for seen in filled.seen)


def test_cancelled_it_keeps_what_arrived(filled: Hub, tmp_path: Path, waiter: Waiter) -> None:
    waiter.cancel_at = 100_000
    with pytest.raises(Cancelled, match="what has arrived is kept"):
        download(MODEL, tmp_path, "", waiter.job)
    part = tmp_path / f"{WEIGHTS[0]}.{DIGEST[:16]}.part"
    size = part.stat().st_size
    assert 100_000 <= size < len(CONTENT)
    assert part.read_bytes() == CONTENT[:size]
    assert download(MODEL, tmp_path, "", Waiter().job).read_bytes() == CONTENT
    assert filled.ranges()[-1] == f"bytes={size}-"


def test_cancelled_while_it_waits(filled: Hub, tmp_path: Path) -> None:
    cancel = threading.Event()
    filled.trouble("HEAD", WEIGHTS_PATH, Trouble(500))
    with pytest.raises(Cancelled):
        download(OPENAI, tmp_path, "", Job(cancel, wait=lambda event, seconds: event.set()))
    assert len(filled.seen) == 1, "nothing else is tried"


def test_no_room_is_said_before_anything_is_fetched(
    filled: Hub, tmp_path: Path, waiter: Waiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "free_bytes", lambda folder: 400_000)
    with pytest.raises(DiskFull, match="small needs 2 MB of free space on the disk that holds .* make room"):
        download(MODEL, tmp_path, "", waiter.job)
    assert filled.asked("GET") == []


def test_what_has_arrived_needs_no_room_again(
    filled: Hub, tmp_path: Path, waiter: Waiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"{WEIGHTS[0]}.{DIGEST[:16]}.part").write_bytes(CONTENT[:300_000])
    needed: list[int] = []
    monkeypatch.setattr(
        "photoclip.clip.store.hub.require_room", lambda folder, count, name: needed.append(count)
    )
    download(MODEL, tmp_path, "", waiter.job)
    whole = tmp_path / "other"
    whole.mkdir()
    download(MODEL, whole, "", waiter.job)
    assert needed[1] - needed[0] == 300_000


def test_a_disk_that_fills_up_is_a_sentence(
    filled: Hub, tmp_path: Path, waiter: Waiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(part: object, piece: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("photoclip.clip.store.download._Part.append", full)
        with pytest.raises(DiskFull, match="is full; make room there"):
            download(MODEL, tmp_path, "", waiter.job)
    assert download(MODEL, tmp_path, "", waiter.job).read_bytes() == CONTENT


def test_faults_of_the_disk(tmp_path: Path) -> None:
    assert isinstance(room.write_fault(OSError(28, "No space left on device"), tmp_path), DiskFull)
    denied = room.write_fault(OSError(13, "Permission denied"), tmp_path)
    assert isinstance(denied, ModelError)
    assert "Permission denied" in str(denied)


def test_openai_s_address_helps_out(hub: Hub, tmp_path: Path, waiter: Waiter) -> None:
    hub.files[OPENAI_PATH] = CONTENT
    weights = download(OPENAI, tmp_path, "", waiter.job)
    assert weights == tmp_path / "small.pt"
    assert weights.read_bytes() == CONTENT
    (said,) = waiter.said
    assert "not there" in said
    assert said.endswith("Trying OpenAI's own address.")


def test_openai_s_address_when_asked_for(filled: Hub, tmp_path: Path, waiter: Waiter) -> None:
    filled.files[OPENAI_PATH] = CONTENT
    filled.trouble("GET", OPENAI_PATH, Trouble(drop_after=150_000))
    assert download(OPENAI, tmp_path, "openai", waiter.job).name == "small.pt"
    assert {seen.path for seen in filled.seen} == {OPENAI_PATH}
    assert filled.ranges()[1].startswith("bytes=")


def test_openai_s_hash_is_checked(hub: Hub, tmp_path: Path, waiter: Waiter) -> None:
    hub.files[OPENAI_PATH] = CONTENT[::-1]
    with pytest.raises(DownloadError, match="its hash differs"):
        download(OPENAI, tmp_path, "openai", waiter.job)
    assert parts(tmp_path) == []


def test_only_the_hub_when_asked_for(hub: Hub, tmp_path: Path, waiter: Waiter) -> None:
    hub.files[OPENAI_PATH] = CONTENT
    with pytest.raises(DownloadError, match="not there"):
        download(OPENAI, tmp_path, "hub", waiter.job)
    with pytest.raises(ModelError, match="small is not one of OpenAI's models"):
        download(MODEL, tmp_path, "openai", waiter.job)
