from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import pytest
import xxhash
from numpy.typing import NDArray

from photoclip.errors import ModelError
from photoclip.library import encoder as encoder_module
from photoclip.library.encoder import GAVE_UP, REQUEST_LIMITS, EncoderProcess, FileEncoder
from tests.library.fakes import FAKE_INFO, DecodingModel, FakeEncoder, fake_process, plain
from tests.library.pictures import jpeg, write_photos


class Fragile(FakeEncoder):
    """Dies, raises or waits on command; counts its starts in a file."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        with (folder / "starts").open("a") as file:
            file.write(".")

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        for text in texts:
            if text == "die always" or (text == "die once" and (self.folder / "starts").stat().st_size == 1):
                os.write(2, b"the driver went away\n")
                os.kill(os.getpid(), signal.SIGKILL)
            if text == "run out of memory":
                raise RuntimeError("out of memory on device 0")
            if text == "refuse":
                raise ModelError("This model has no text tower.")
        return super().encode_texts(texts)


def broken() -> FakeEncoder:
    raise ModelError("The model fake is incomplete; download it again.")


@pytest.fixture
def fragile(tmp_path: Path) -> Iterator[EncoderProcess]:
    encoder = EncoderProcess(FAKE_INFO, partial(Fragile, tmp_path))
    yield encoder
    encoder.close()


def starts(tmp_path: Path) -> int:
    return (tmp_path / "starts").stat().st_size


def test_answers_are_the_models_own() -> None:
    states: list[str] = []
    encoder = fake_process()
    encoder.on_state = states.append
    assert encoder.description == "fake"
    many = np.concatenate([plain("red"), plain("blue")] * REQUEST_LIMITS[1])
    assert np.array_equal(encoder.encode_pixels(many), FakeEncoder().encode_pixels(many))
    assert np.array_equal(
        encoder.encode_texts(["red", "a sled"]), FakeEncoder().encode_texts(["red", "a sled"])
    )
    assert encoder.encode_texts([]).shape == encoder.encode_pixels(many[:0]).shape == (0, FAKE_INFO.dim)
    assert encoder.description == "fake on fingers"
    encoder.close()
    assert states == ["starting", "ready", "stopped"]
    with pytest.raises(ModelError, match="closed"):
        encoder.encode_texts(["red"])


def test_a_child_that_dies_is_started_once_more(fragile: EncoderProcess, tmp_path: Path) -> None:
    assert fragile.encode_texts(["die once"]).shape == (1, FAKE_INFO.dim)
    assert starts(tmp_path) == 2


def test_one_that_dies_again_is_an_error_with_its_last_words(fragile: EncoderProcess, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"signal 9 \(the driver went away\)"):
        fragile.encode_texts(["die always"])
    assert starts(tmp_path) == 2
    assert fragile.encode_texts(["red"]).shape == (1, FAKE_INFO.dim)  # the next request tries anew


def test_out_of_memory_is_tried_in_a_fresh_process(fragile: EncoderProcess, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="out of memory on device 0"):
        fragile.encode_texts(["run out of memory"])
    assert starts(tmp_path) == 2


def test_the_models_own_refusal_keeps_the_child(fragile: EncoderProcess, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no text tower"):
        fragile.encode_texts(["refuse"])
    fragile.encode_texts(["red"])
    assert starts(tmp_path) == 1


def test_a_model_that_does_not_load_says_why() -> None:
    states: list[str] = []
    encoder = EncoderProcess(FAKE_INFO, broken, on_state=states.append)
    with pytest.raises(ModelError, match="incomplete; download it again"):
        encoder.encode_texts(["red"])
    encoder.close()
    assert states == ["starting", "failed"]


def test_memory_is_given_back_when_idle() -> None:
    stopped = threading.Event()
    encoder = EncoderProcess(
        FAKE_INFO,
        FakeEncoder,
        on_state=lambda s: stopped.set() if s == "stopped" else None,
        idle_seconds=0.05,
    )
    encoder.encode_texts(["red"])
    assert stopped.wait(10)
    assert encoder.encode_texts(["red"]).shape == (1, FAKE_INFO.dim)
    encoder.close()


class Gated(FakeEncoder):
    """Lets a batch of pixels through for each byte in a pipe, and notes the order of requests."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def encode_pixels(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        self._note("p")
        with (self.folder / "gate").open("rb", buffering=0) as gate:
            gate.read(1)
        return super().encode_pixels(pixels)

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self._note("t")
        return super().encode_texts(texts)

    def _note(self, kind: str) -> None:
        with (self.folder / "order").open("a") as file:
            file.write(kind)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs on this system")
def test_a_search_goes_before_the_rest_of_the_photos(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "gate")
    encoder = EncoderProcess(FAKE_INFO, partial(Gated, tmp_path))
    encoder.encode_texts(["warm"])
    photos = np.concatenate([plain("red")] * 100)
    indexing = threading.Thread(target=encoder.encode_pixels, args=(photos,))
    indexing.start()
    gate = (tmp_path / "gate").open("wb", buffering=0)  # waits until the first batch is being encoded
    searching = threading.Thread(target=encoder.encode_texts, args=(["red"],))
    searching.start()
    wait_until(lambda: encoder._turns._texts == 1)
    gate.write(bytes(100))
    searching.join(10)
    indexing.join(10)
    gate.close()
    encoder.close()
    assert (tmp_path / "order").read_text().startswith("tptp")  # warm, the first photos, the search, the rest


def wait_until(holds: Callable[[], bool]) -> None:
    waiting = threading.Event()
    for _ in range(1000):
        if holds():
            return
        waiting.wait(0.01)
    raise AssertionError("it never came true")


def test_close_ends_a_request_under_way(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "gate")
    encoder = EncoderProcess(FAKE_INFO, partial(Gated, tmp_path))
    errors: list[ModelError] = []

    def ask() -> None:
        try:
            encoder.encode_pixels(plain("red"))
        except ModelError as error:
            errors.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    with (tmp_path / "gate").open("wb"):
        encoder.close()
        asking.join(10)
    assert [str(error) for error in errors] == ["The model fake was closed."]


def test_the_child_ends_with_its_parent() -> None:
    code = (
        "import os, signal\n"
        "from tests.library.fakes import fake_process\n"
        "if __name__ == '__main__':\n"
        "    encoder = fake_process(); encoder.warm_up()\n"
        "    print(encoder._child._process.pid, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    try:
        child = psutil.Process(int(done.stdout))
    except psutil.NoSuchProcess:
        return
    child.wait(10)


def test_the_library_side_never_imports_torch() -> None:
    code = "import sys, photoclip.library.encoder, photoclip.library.ingest; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_requests_for_photos_grow_while_they_are_quick() -> None:
    encoder = fake_process()
    encoder.encode_pixels(np.concatenate([plain("red")] * 200))
    assert encoder._batch["pixels"] == REQUEST_LIMITS[1]
    encoder._adapt("pixels", 64, 60.0)
    assert encoder._batch["pixels"] == REQUEST_LIMITS[0]
    encoder.close()


class FragileDecoder(DecodingModel):
    """Dies over a red file, waits for ever at a blue one, takes nothing any more after a white one."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        with (folder / "starts").open("a") as file:
            file.write(".")

    def encode_jpegs(self, files: Sequence[bytes]) -> tuple[NDArray[np.float32], list[int]]:
        vectors, places = super().encode_jpegs(files)
        liked = [
            COLOUR_WORDS[int(best)] for best in (vectors @ self.encode_texts(COLOUR_WORDS).T).argmax(axis=1)
        ]
        if "red" in liked:
            raise RuntimeError("an illegal memory access was encountered")
        if "blue" in liked:
            (self.folder / "gate").open("rb").read()  # until who opened it for writing closes it
        self.takes_jpegs = "white" not in liked
        return vectors, places


COLOUR_WORDS = ["red", "blue", "green", "white"]


@pytest.fixture
def decoding(tmp_path: Path) -> Iterator[EncoderProcess]:
    encoder = EncoderProcess(FAKE_INFO, partial(FragileDecoder, tmp_path))
    yield encoder
    encoder.close()


def file(folder: Path, name: str, data: bytes) -> tuple[bytes, bytes]:
    path = folder / name
    path.write_bytes(data)
    return bytes(path), xxhash.xxh3_128_digest(data)


def test_files_are_read_and_decoded_in_the_child(tmp_path: Path) -> None:
    encoder = EncoderProcess(FAKE_INFO, DecodingModel)
    assert isinstance(encoder, FileEncoder)
    assert not encoder.takes_files  # not known before it is loaded
    paths = write_photos(tmp_path, 20)
    files = [(bytes(path), xxhash.xxh3_128_digest(path.read_bytes())) for path in paths]
    assert encoder.encode_files(files).places == []
    encoder.warm_up()
    assert encoder.takes_files
    letter, gone = file(tmp_path, "letter.jpg", b"Dear all,"), (b"/nowhere.jpg", files[0][1])
    changed = file(tmp_path, "changed.jpg", jpeg("red", 99))[0], files[0][1]
    taken = encoder.encode_files([letter, *files, gone, changed, *files[:2]])
    encoder.close()
    assert taken.places == [*range(1, 21), 23, 24]
    expected, _ = DecodingModel().encode_jpegs([path.read_bytes() for path in paths])
    assert np.array_equal(taken.vectors, np.concatenate([expected, expected[:2]]))


def test_a_model_that_does_not_decode_is_sent_nothing() -> None:
    encoder = fake_process()
    encoder.warm_up()
    assert not encoder.takes_files
    assert encoder.encode_files([(b"/nowhere.jpg", b"hash")]).vectors.shape == (0, FAKE_INFO.dim)
    encoder.close()


def test_a_child_that_dies_over_files_gets_no_more_of_them(decoding: EncoderProcess, tmp_path: Path) -> None:
    decoding.warm_up()
    green, red = file(tmp_path, "green.jpg", jpeg("green")), file(tmp_path, "red.jpg", jpeg("red"))
    assert decoding.encode_files([green]).places == [0]
    assert decoding.encode_files([green, red]).places == []
    assert not decoding.takes_files
    assert starts(tmp_path) == 1
    assert decoding.encode_pixels(plain("red")).shape == (1, FAKE_INFO.dim)
    assert starts(tmp_path) == 2
    assert not decoding.takes_files  # the new child would, but is not asked
    assert decoding.encode_files([green]).places == []
    assert decoding.description == f"fake on fingers ({GAVE_UP})"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs on this system")
def test_a_child_that_does_not_come_back_from_a_file_is_ended(
    decoding: EncoderProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "gate")
    decoding.warm_up()
    monkeypatch.setattr(encoder_module, "FILES_SECONDS", 0.2)
    assert decoding.encode_files([file(tmp_path, "blue.jpg", jpeg("blue"))]).places == []
    assert not decoding.takes_files
    assert decoding.encode_texts(["red"]).shape == (1, FAKE_INFO.dim)


def test_a_model_may_stop_taking_files(decoding: EncoderProcess, tmp_path: Path) -> None:
    decoding.warm_up()
    white = file(tmp_path, "white.jpg", jpeg("white"))
    assert decoding.encode_files([white]).places == [0]
    assert not decoding.takes_files
    assert starts(tmp_path) == 1
    assert decoding.description == "fake on fingers"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs on this system")
def test_close_ends_a_request_for_files(decoding: EncoderProcess, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "gate")
    decoding.warm_up()
    errors: list[ModelError] = []

    def ask() -> None:
        try:
            decoding.encode_files([file(tmp_path, "blue.jpg", jpeg("blue"))])
        except ModelError as error:
            errors.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    with (tmp_path / "gate").open("wb"):
        decoding.close()
        asking.join(10)
    assert [str(error) for error in errors] == ["The model fake was closed."]
