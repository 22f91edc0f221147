"""What is remembered of the precisions that were measured."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from photoclip.clip.placement import PLAIN, Placement, fastest, pictures_per_second, to_measure
from photoclip.clip.precision import RATES, Measured, Precisions, Rate, machine

CUDA = Placement(torch.device("cuda"), torch.float16)
HALF = Placement(torch.device("cpu"), torch.bfloat16)
INT8 = Placement(torch.device("cpu"), torch.bfloat16, int8=True)
KEPT = Measured("this one", ("CPU, int8", "CPU, float32"), "CPU, int8", {"CPU, int8": 31.5})


def test_it_comes_back_only_on_the_same_machine_with_the_same_ways(tmp_path: Path) -> None:
    precisions = Precisions(tmp_path / "new" / "precision.json")
    assert precisions.of("a") is None
    precisions.keep("a", KEPT)
    precisions.keep("b", Measured("other", ("x",), "y"))
    again = Precisions(tmp_path / "new" / "precision.json")
    assert again.of("a") == again.here("a", "this one", KEPT.candidates) == KEPT
    assert again.here("a", "another", KEPT.candidates) is None
    assert again.here("a", "this one", ["CUDA, float16", *KEPT.candidates]) is None
    assert again.here("b", "other", ["x"]) is None  # chosen is no candidate


@pytest.mark.parametrize(
    ("chosen", "speeds", "expected"),
    [
        ("CPU, int8", {"CPU, int8": 41.4, "CPU, float32": 9}, "int8, 41 photos/s on this machine"),
        ("CPU, float32", {"CPU, float32": 0.345}, "float32, 0.3 photos/s on this machine"),
        ("CUDA, float16", {"CUDA, float16": 2100.0}, "float16 on CUDA, 2100 photos/s on this machine"),
        ("CPU, bfloat16", {}, "bfloat16"),
    ],
)
def test_a_choice_in_words(tmp_path: Path, chosen: str, speeds: dict[str, float], expected: str) -> None:
    precisions = Precisions(tmp_path / "precision.json")
    precisions.keep("here", Measured(machine(), (chosen,), chosen, speeds))
    precisions.keep("elsewhere", Measured("another", (chosen,), chosen, speeds))
    assert precisions.describe("here") == expected
    assert precisions.describe("elsewhere") is None
    assert precisions.describe("never") is None


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"a": 3}', '{"a": {}}', '{"a": {"candidates": 3}}', "[" * 5000]
)
def test_a_damaged_file_is_measuring_again(tmp_path: Path, text: str) -> None:
    file = tmp_path / "precision.json"
    file.write_text(text)
    precisions = Precisions(file)
    assert precisions.of("a") is None
    precisions.keep("a", KEPT)
    assert precisions.of("a") == KEPT


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    precisions = Precisions(tmp_path / "file" / "precision.json")
    precisions.keep("a", KEPT)
    assert precisions.of("a") is None


def test_the_machine_has_a_name() -> None:
    assert f"torch {torch.__version__}" in machine() or "torch " in machine()
    assert machine() == machine()


def test_only_a_clearly_faster_way_displaces_an_earlier_one() -> None:
    assert fastest({INT8: 100.0, HALF: 104.0, PLAIN: 50.0}) == INT8
    assert fastest({INT8: 100.0, HALF: 130.0, PLAIN: 50.0}) == HALF
    assert fastest({PLAIN: 1.0}) == PLAIN


def test_where_there_is_a_device_the_processor_is_the_last_resort() -> None:
    assert to_measure([CUDA, INT8, HALF, PLAIN]) == [CUDA, PLAIN]
    assert to_measure([INT8, HALF, PLAIN]) == [INT8, HALF, PLAIN]


def test_speed_is_pictures_over_the_best_run(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([0.0, 0.0, 4.0, 4.0, 4.0, 6.0, 6.0, 6.0])
    monkeypatch.setattr("photoclip.clip.placement.time.perf_counter", lambda: next(now))
    shapes: list[tuple[int, ...]] = []

    def encode(pictures: np.ndarray) -> None:
        shapes.append(pictures.shape)

    assert pictures_per_second(encode, 32) == 8 / 4.0  # after 4 seconds there is no second run
    assert shapes == [(8, 32, 32, 3)] * 2


def test_the_rate_is_the_best_of_the_device_that_models_run_on(tmp_path: Path) -> None:
    precisions = Precisions(tmp_path / "precision.json")
    precisions.keep("a", KEPT)
    assert precisions.rate() is None
    for rate, expected in ((2e11, 2e11), (1e11, 2e11), (3e11, 3e11)):
        precisions.keep_rate(Rate("cpu", rate))
        assert precisions.rate() == Rate("cpu", expected)
    precisions.keep_rate(Rate("cuda", 9e13))
    precisions.keep_rate(Rate("cpu", 1e11))  # the card is gone
    assert precisions.rate() == Rate("cpu", 1e11)
    assert precisions.of("a") == KEPT
    precisions.keep("b", KEPT)
    assert precisions.rate() == Rate("cpu", 1e11)


def test_the_rate_is_this_machine_s_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    precisions = Precisions(tmp_path / "precision.json")
    precisions.keep_rate(Rate("cpu", 1e11))
    with monkeypatch.context() as patch:
        patch.setattr("photoclip.clip.precision.machine", lambda: "another")
        assert precisions.rate() is None
        precisions.keep_rate(Rate("cpu", 2e11))
    assert precisions.rate() == Rate("cpu", 1e11)


@pytest.mark.parametrize(
    "row",
    [None, 3, [], {}, {"device": "cpu"}, *({"device": "cpu", "flops": value} for value in ("x", 0, -1))],
)
def test_a_damaged_rate_is_none(tmp_path: Path, row: object) -> None:
    file = tmp_path / "precision.json"
    file.write_text(json.dumps({RATES: {machine(): row}}))
    assert Precisions(file).rate() is None
    Precisions(file).keep_rate(Rate("cpu", 1e11))
    assert Precisions(file).rate() == Rate("cpu", 1e11)


@pytest.mark.parametrize(
    ("flops", "speed"), [(1e8, 1200), (3.5e10, 4), (1.3e10, 9), (1e9, 120), (9e9, 14), (4e11, 0.3)]
)
def test_an_estimate_has_few_digits(flops: float, speed: float) -> None:
    assert Rate("cpu", 1.23e11).photos_per_second(flops) == pytest.approx(speed)
