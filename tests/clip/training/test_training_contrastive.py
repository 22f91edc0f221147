"""Contrastive runs on a toy world of coloured pictures: they learn, go on, stay as they should, and stop."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from photoclip.clip import checkpoint
from photoclip.clip.config import CLIPConfig, TextConfig, ViTConfig
from photoclip.clip.loss import clip_loss
from photoclip.clip.model import CLIP
from photoclip.clip.training import captions, finetune
from photoclip.clip.training.contrastive import Run, Settings, scratch
from photoclip.clip.training.draws import drawn
from photoclip.errors import PhotoClipError
from tests.clip.training.training_pictures import CONFIG as RESNET
from tests.clip.training.training_pictures import encoded, picture

COLOURS = {"red": (210, 20, 20), "green": (20, 180, 30), "blue": (20, 30, 210), "yellow": (220, 210, 30),
           "white": (235, 235, 235), "black": (20, 20, 20)}  # fmt: skip
VIT = CLIPConfig(16, ViTConfig(32, 16, 32, 1, 2), TextConfig(16, 700, 32, 2, 1), name="toy")
TOY = Settings(
    steps=25, batch=12, chunk=5, peak=3e-3, precision="float32", freeze_batch_norm=False, validate_every=1000
)
CPU = torch.device("cpu")


@pytest.fixture
def data_file(tmp_path: Path) -> Path:
    """Four pictures of each colour to learn from and one to judge by, with two captions and a label."""
    lines = []
    for number in range(5 * len(COLOURS)):
        name = list(COLOURS)[number % len(COLOURS)]
        (tmp_path / f"{number}.png").write_bytes(encoded(picture(COLOURS[name], number, (40, 36))))
        split = "validation" if number >= 4 * len(COLOURS) else "train"
        texts = [f"a {name} thing", f"something {name}"]
        lines.append(json.dumps({"image": f"{number}.png", "captions": texts, "label": name, "split": split}))
    (tmp_path / "toy.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path / "toy.jsonl"


@pytest.fixture
def begin(data_file: Path, tmp_path: Path) -> Callable[..., Run]:
    data = captions.read(data_file)

    def make(folder: str = "run", config: CLIPConfig = VIT, **changes: Any) -> Run:
        settings = replace(TOY, **changes)
        return Run(tmp_path / folder, scratch(config, settings.seed), config, data, settings, CPU)

    return make


def say(line: str) -> None:
    """Runs are quiet here."""


def weights(model: nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


def equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def logged(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()]


def test_training_lowers_the_loss_and_raises_recall(begin: Callable[..., Run]) -> None:
    run = begin()
    before = run.validate()
    losses = [run.train_step()["loss"] for _ in range(25)]
    after = run.validate()
    assert sum(losses[-5:]) < 0.5 * sum(losses[:5])
    for figure in ("text_to_image_r1", "image_to_text_r1", "zero_shot_top1"):
        assert after[figure] >= before[figure] + 0.3, figure
    assert after["text_to_image_r10"] == 1.0  # of six


def test_a_killed_run_ends_with_the_weights_of_one_that_was_not(begin: Callable[..., Run]) -> None:
    whole = begin("whole", steps=6, validate_every=2)
    whole.train(say)
    first = begin("parts", steps=6, validate_every=2)
    first.train(say, stop_at=3)
    first.train_step()  # lost: it was not kept
    log = first.folder / "log.jsonl"
    log.write_text(log.read_text(encoding="utf-8") + '{"step": 4, "loss": 9.0}\n{"st', encoding="utf-8")
    second = begin("parts", steps=6, validate_every=2)
    assert second.step == 3
    second.train(say)
    assert equal(weights(second.model), weights(whole.model))
    again, expected = (torch.load(run.folder / "state.pt", weights_only=True) for run in (second, whole))
    assert again["step"] == 6
    assert repr(again["optimizer"]) == repr(expected["optimizer"])
    validations = [[line for line in logged(run.folder) if "loss" not in line] for run in (second, whole)]
    assert validations[0] == validations[1]
    assert [line["step"] for line in validations[0]] == [0, 2, 4, 6]


def test_the_seed_decides_the_weights(begin: Callable[..., Run]) -> None:
    runs = [begin(f"run{number}", seed=seed) for number, seed in enumerate((5, 5, 6))]
    for run in runs:
        for _ in range(2):
            run.train_step()
    one, same, other = (weights(run.model) for run in runs)
    assert equal(one, same)
    assert not equal(one, other)


def test_a_chunk_of_any_size_learns_the_same(begin: Callable[..., Run]) -> None:
    """Steps of plain descent: AdamW would make large differences of the smallest."""
    found = []
    for chunk in (4, 12):
        run = begin(f"chunk{chunk}", chunk=chunk)
        run.optimizer = torch.optim.SGD(run.trained, lr=0.1)
        run.train_step()
        found.append(weights(run.model))
    for name, tensor in found[0].items():
        assert torch.allclose(tensor, found[1][name], rtol=1e-4, atol=1e-6), name


@pytest.mark.parametrize("tower", ["image", "text"])
def test_a_frozen_tower_does_not_change(begin: Callable[..., Run], tower: str) -> None:
    run = begin(config=RESNET, freeze=tower, chunk=6)
    before = weights(run.model)
    for _ in range(2):
        run.train_step()
    after = weights(run.model)
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert "logit_scale" in changed
    visual = {name for name in changed if name.startswith("visual.")}
    assert (visual == set()) == (tower == "image")
    assert (changed - visual == {"logit_scale"}) == (tower == "text")


def test_fine_tuning_keeps_the_statistics_of_batch_norms(begin: Callable[..., Run]) -> None:
    for frozen in (True, False):
        run = begin(f"frozen{frozen}", config=RESNET, freeze_batch_norm=frozen)
        before = run.model.visual.bn1.running_mean.clone()
        run.train_step()
        assert torch.equal(run.model.visual.bn1.running_mean, before) == frozen


def test_the_temperature_stays_clamped(begin: Callable[..., Run]) -> None:
    run = begin(warmup=0.0, peak=0.5)
    run.model.logit_scale.data.fill_(math.log(99.9))
    for _ in range(4):
        assert run.train_step()["scale"] <= 100.001
    run.model.logit_scale.data.fill_(10.0)
    run.model.logit_scale.requires_grad_(False)
    run.train_step()
    assert run.model.logit_scale.exp().item() == pytest.approx(100.0)


def test_bfloat16_learns_too(begin: Callable[..., Run]) -> None:
    run = begin(precision="bfloat16")
    losses = [run.train_step()["loss"] for _ in range(9)]
    assert sum(losses[-3:]) < sum(losses[:3])
    assert all(parameter.dtype == torch.float32 for parameter in run.model.parameters())


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_last_good_state(
    begin: Callable[..., Run],
) -> None:
    run = begin()
    run.train(say, stop_at=2)
    good = (run.folder / "state.pt").read_bytes()
    run.model.text_projection.data[0, 0] = float("nan")
    before = weights(run.model)
    with pytest.raises(PhotoClipError, match=r"no number any more at step 2; .*state\.pt keeps"):
        run.train(say)
    assert (run.folder / "state.pt").read_bytes() == good
    assert torch.equal(run.model.logit_scale, before["logit_scale"])
    with pytest.raises(PhotoClipError, match="no number"):
        run.save()
    assert begin().step == 2


def test_every_caption_that_fits_a_picture_is_known(begin: Callable[..., Run], data_file: Path) -> None:
    """Pictures of one colour share both captions, whichever was drawn with which."""
    draws = begin(batch=24).draws
    _, tokens, fits = draws.batch(0)
    rows = drawn(24, 0, 24, seed=0)
    colours = [draws.pictures[row].labels for row in rows]
    assert fits.tolist() == [[one == other for other in colours] for one in colours]
    unequal = ~(tokens[:, None] == tokens[None]).all(dim=-1)
    assert (fits & unequal).any()


def test_a_label_that_a_photo_has_beside_others_is_no_negative_of_it() -> None:
    """Photo 0 is a beach at sunset, photo 1 a sunset, photo 2 a copy of photo 0 with a word of its own."""
    photos = [
        captions.Captioned(Path("0"), ("beach", "sunset"), digest="a"),
        captions.Captioned(Path("1"), ("Sunset ",), digest="b"),
        captions.Captioned(Path("2"), ("holiday",), digest="a"),
    ]
    fits = captions.Wording(photos).fits(photos, ["beach", "sunset", "holiday"])
    assert fits.tolist() == [[True, True, True], [False, True, False], [True, True, True]]
    images, texts = (torch.nn.functional.normalize(torch.randn(3, 8), dim=-1) for _ in range(2))
    logits = (10 * images @ texts.T).masked_fill(
        torch.from_numpy(fits) & ~torch.eye(3, dtype=torch.bool), -math.inf
    )
    assert logits[0, 1:].tolist() == [-math.inf, -math.inf]
    by_hand = -(logits.log_softmax(1).diagonal().mean() + logits.log_softmax(0).diagonal().mean()) / 2
    found = clip_loss(images, texts, torch.tensor(10.0), torch.from_numpy(fits))
    assert found.item() == pytest.approx(by_hand.item(), rel=1e-5)


def test_a_chunk_too_large_for_the_memory_is_halved(
    begin: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The step is done again in smaller chunks, and learns the same."""
    plain, narrow = (begin(name, chunk=chunk) for name, chunk in (("plain", 3), ("narrow", 12)))
    encode = narrow.model.encode_image

    def little_memory(images: torch.Tensor) -> torch.Tensor:
        if len(images) > 3:
            raise torch.OutOfMemoryError("out of memory")
        return encode(images)

    monkeypatch.setattr(narrow.model, "encode_image", little_memory)
    assert narrow.train_step() == plain.train_step()
    assert narrow.chunk == 3
    assert equal(weights(narrow.model), weights(plain.model))
    monkeypatch.setattr(narrow.model, "encode_image", lambda images: little_memory(images.repeat(4, 1, 1, 1)))
    with pytest.raises(PhotoClipError, match="does not hold even one picture"):
        narrow.train_step()


def test_passes_show_every_picture_once() -> None:
    found = [row for step in range(5) for row in drawn(10, 4 * step, 4, seed=1)]
    assert sorted(found[:10]) == sorted(found[10:]) == list(range(10))
    assert found[:10] != found[10:]


def test_the_rate_rises_then_falls() -> None:
    settings = Settings(steps=100, peak=1.0, warmup=0.1)
    rates = [settings.rate(settings.share(step, seconds=5.0)) for step in (0, 9, 10, 55, 99)]
    assert rates[:3] == pytest.approx([0.1, 1.0, 1.0])
    assert 1.0 > rates[3] > rates[4] > 0.0
    assert Settings(steps=1, warmup=0.0, peak=2.0).rate(0) == 2.0
    timed = Settings(steps=10**9, minutes=2.0, warmup=0.5)
    assert [timed.share(3, seconds) for seconds in (0.0, 30.0, 120.0)] == pytest.approx(
        [0, 0.25, 1], abs=1e-6
    )


def test_a_state_of_another_run_or_a_damaged_one_is_refused(begin: Callable[..., Run]) -> None:
    run = begin()
    run.save()
    begin(chunk=3, validate_every=7)  # free to change
    with pytest.raises(PhotoClipError, match="begun with another peak"):
        begin(peak=1.0)
    with pytest.raises(PhotoClipError, match="begun with another model"):
        begin(config=RESNET)
    (run.folder / "state.pt").write_bytes(b"PK damaged")
    with pytest.raises(PhotoClipError, match="cannot be read; use an empty folder"):
        begin()


def test_a_picture_that_goes_away_is_named(begin: Callable[..., Run]) -> None:
    run = begin()
    for picture_ in run.data.training:
        picture_.path.unlink()
    with pytest.raises(PhotoClipError, match=r"png cannot be read any more"):
        run.train_step()


def test_the_command_writes_a_model_that_can_be_loaded(
    data_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "shape.json").write_text(VIT.to_json(), encoding="utf-8")
    common = ["--data", str(data_file), "--batch", "12", "--chunk", "8", "--rate", "3e-3"]
    scratch_model, tuned = tmp_path / "one", tmp_path / "two"
    arguments = [*common, "--architecture", str(tmp_path / "shape.json"), "--steps", "3"]
    assert finetune.main([*arguments, "--model", str(scratch_model), "--name", "one"]) == 0
    arguments = [*common, "--start", str(scratch_model), "--epochs", "1", "--freeze", "image"]
    assert finetune.main([*arguments, "--model", str(tuned), "--name", "two"]) == 0
    printed = capsys.readouterr().out
    assert "24 pictures to learn from, 6 for validation, 0 skipped" in printed
    assert "text_to_image_r1" in printed
    assert [line["step"] for line in logged(tmp_path / "two-run")] == [0, 2, 2]
    (first, _), (second, config) = checkpoint.load(scratch_model), checkpoint.load(tuned)
    assert (config.name, config) == ("two", VIT)
    assert torch.equal(first.visual.proj, second.visual.proj)
    assert not torch.equal(first.text_projection, second.text_projection)
    assert isinstance(second, CLIP)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"--data": "none.csv"}, "none.csv cannot be read"),
        ({"--start": "no-such-model"}, 'no model "no-such-model"'),
        ({"--name": "a/b"}, 'The name "a/b"'),
        ({"--name": "starter"}, "choose another name"),
        ({"--model": ""}, "is what training would start from"),
    ],
)
def test_the_command_says_what_is_wrong(
    data_file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    changed: dict[str, str],
    sentence: str,
) -> None:
    checkpoint.save(scratch(VIT, 0), VIT, tmp_path / "start")
    options = {"--data": str(data_file), "--start": str(tmp_path / "start"), "--name": "new",
               "--model": str(tmp_path / "new")} | changed  # fmt: skip
    options["--model"] = options["--model"] or options["--start"]
    assert finetune.main([word for pair in options.items() for word in pair]) == 1
    told = capsys.readouterr().err
    assert sentence in told
    assert told.count("\n") == 1
    assert not (tmp_path / "new").exists()
