"""A model of one's own: from any kind of checkpoint to the person's models, stopped and gone on with."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from photoclip.clip import checkpoint
from photoclip.clip.model import CLIP
from photoclip.clip.models import describe, find_model
from photoclip.clip.store import remove
from photoclip.clip.store.origin import Origin, origin_of, write_origin
from photoclip.clip.training import captions, finetune, own_model
from photoclip.clip.training.captions import TRAIN, VALIDATION, Captioned, Captions
from photoclip.errors import Cancelled, PhotoClipError
from photoclip.paths import models_dir
from photoclip.training_terms import Wishes
from tests.clip.small_models import SMALL, random_model
from tests.clip.training.training_pictures import COLOURS, encoded, picture

STATE = "own+training"


@pytest.fixture
def pictures(tmp_path: Path) -> list[Captioned]:
    """Four pictures of each colour, the last of each for validation."""
    found = []
    for number in range(4 * len(COLOURS)):
        name = list(COLOURS)[number % len(COLOURS)]
        path = tmp_path / f"{number}.png"
        path.write_bytes(encoded(picture(COLOURS[name], number, (40, 36))))
        split = VALIDATION if number >= 3 * len(COLOURS) else TRAIN
        found.append(Captioned(path, (f"a photo of {name}", name), (name,), split))
    return found


@pytest.fixture
def gather(pictures: list[Captioned]) -> Callable[[], Captions]:
    return lambda: captions.of(pictures)


def saved(folder: Path, kind: str) -> Path:
    checkpoint.save(random_model(SMALL[kind]), SMALL[kind], folder / kind)
    return folder / kind


def wishes(start: Path, **changes: object) -> Wishes:
    return replace(Wishes("own", str(start), epochs=2, batch=4, chunk=3, rate=1e-3), **changes)  # type: ignore[arg-type]


def quiet(line: str) -> None: ...


def never() -> bool:
    return False


def after(steps: int) -> Callable[[], bool]:
    """Says yes when it is asked after that many steps; it is asked before each."""
    asked = iter(range(steps + 1))
    return lambda: next(asked) == steps


def weights(model: CLIP) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


@pytest.mark.parametrize("kind", SMALL)
def test_every_kind_of_checkpoint_becomes_a_model_like_any_other(
    tmp_path: Path, gather: Callable[[], Captions], kind: str
) -> None:
    told: list[str] = []
    start = saved(tmp_path, kind)
    info, learned = own_model.train(wishes(start), gather, told.append, never)
    assert info == describe(models_dir() / "own") == find_model("own")
    assert (learned.pictures, learned.validation, learned.steps) == (9, 3, 5)
    assert learned.before.keys() == learned.after.keys() >= {"zero_shot_top1", "text_to_image_r1"}
    (before, _), (model, config) = checkpoint.load(start), checkpoint.load(info.folder)
    assert (config.name, config) == ("own", SMALL[kind])
    assert not torch.equal(before.text_projection, model.text_projection)
    for name, tensor in before.state_dict().items():
        if "running" in name:  # a batch norm's statistics are not learned from so few pictures
            assert torch.equal(tensor, model.state_dict()[name]), name
    log = [json.loads(line) for line in learned.log.read_text(encoding="utf-8").splitlines()]
    assert log[0]["step"] == 0
    assert "9 pictures to learn from, 3 for validation, 0 skipped" in told
    assert [path.name for path in (models_dir() / ".unfinished").iterdir() if path.is_dir()] == []
    remove("own")


def test_what_was_stopped_goes_on_and_ends_the_same(tmp_path: Path, gather: Callable[[], Captions]) -> None:
    start = saved(tmp_path, "vit")
    whole, _ = own_model.train(wishes(start, name="whole"), gather, quiet, never)
    with pytest.raises(Cancelled, match="Stopped at 40%; the same command goes on from there"):
        own_model.train(wishes(start), gather, quiet, after(2))
    assert not (models_dir() / "own").exists()
    assert (models_dir() / ".unfinished" / STATE / "state.pt").is_file()
    told: list[str] = []
    info, learned = own_model.train(wishes(start), gather, told.append, never)
    assert "Going on at 40%." in told
    assert learned.steps == 5
    one, other = (weights(checkpoint.load(each.folder)[0]) for each in (whole, info))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_another_wish_does_not_go_on_with_what_was_stopped(
    tmp_path: Path, gather: Callable[[], Captions], pictures: list[Captioned]
) -> None:
    start = saved(tmp_path, "vit")
    with pytest.raises(Cancelled):
        own_model.train(wishes(start), gather, quiet, after(1))
    with pytest.raises(PhotoClipError, match="had begun with other options or photos.* add --anew"):
        own_model.train(wishes(start, rate=0.5), gather, quiet, never)
    labelled = [replace(pictures[0], captions=("another word",)), *pictures[1:]]
    with pytest.raises(PhotoClipError, match="add --anew"):
        own_model.train(wishes(start), lambda: captions.of(labelled), quiet, never)
    assert own_model.train(wishes(start, anew=True, seed=4), gather, quiet, never)[1].steps == 5


def test_a_model_is_only_replaced_when_that_is_asked(tmp_path: Path, gather: Callable[[], Captions]) -> None:
    start = saved(tmp_path, "vit")
    first, _ = own_model.train(wishes(start), gather, quiet, never)

    def unasked() -> Captions:
        raise AssertionError("nothing is read for a name that is taken")

    for name in ("own", "OWN"):
        with pytest.raises(PhotoClipError, match=f"{name} is installed already; .* --replace"):
            own_model.train(wishes(start, name=name), unasked, quiet, never)
    for name, sentence in (("a/b", 'The name "a/b"'), ("openai-vit-b-32", "choose another name")):
        with pytest.raises(PhotoClipError, match=sentence):
            own_model.train(wishes(start, name=name), unasked, quiet, never)
    second, _ = own_model.train(
        replace(wishes(start, replace=True, seed=1), start="own"), gather, quiet, never
    )  # it may begin with the one it replaces
    assert second.folder == first.folder
    assert second.key != first.key


def test_what_is_kept_of_the_beginning(tmp_path: Path, gather: Callable[[], Captions]) -> None:
    start = saved(tmp_path, "vit")
    told: list[str] = []
    info, _ = own_model.train(wishes(start, keep=1.0), gather, told.append, never)
    one, other = (weights(checkpoint.load(folder)[0]) for folder in (start, info.folder))
    assert all(torch.allclose(one[name], other[name], atol=1e-6) for name in one)
    assert f"100% of {start} is kept." in told
    model, before = random_model(SMALL["resnet"], seed=1), random_model(SMALL["resnet"], seed=2)
    expected = model.visual.conv1.weight * 0.75 + before.visual.conv1.weight * 0.25
    own_model.keep(model, before, 0.25)
    assert torch.allclose(model.visual.conv1.weight, expected)


def test_a_trained_model_is_bound_by_the_licence_of_its_start(
    tmp_path: Path, gather: Callable[[], Captions]
) -> None:
    start = saved(tmp_path, "vit")
    write_origin(Origin("non-commercial"), start)
    info, _ = own_model.train(wishes(start), gather, quiet, never)
    assert origin_of(info.folder) == Origin("non-commercial", start=str(start))


def test_too_little_is_said(tmp_path: Path, pictures: list[Captioned]) -> None:
    start = saved(tmp_path, "vit")
    for few in ([pictures[0], pictures[-1]], [replace(each, captions=("x",)) for each in pictures]):
        with pytest.raises(PhotoClipError, match="too little to learn from"):
            own_model.train(wishes(start), lambda few=few: captions.of(few), quiet, never)  # type: ignore[misc]


def test_fine_tuning_by_hand_takes_every_kind_too(tmp_path: Path, pictures: list[Captioned]) -> None:
    lines = [
        json.dumps({"image": each.path.name, "captions": each.captions, "label": each.labels[0]})
        for each in pictures
    ]
    (tmp_path / "data.jsonl").write_text("\n".join(lines), encoding="utf-8")
    for kind in SMALL:
        common = ["--data", str(tmp_path / "data.jsonl"), "--name", "new", "--steps", "1", "--batch", "4"]
        places = ["--start", str(saved(tmp_path, kind)), "--model", str(tmp_path / f"{kind}-new")]
        assert finetune.main([*common, *places]) == 0
        assert describe(tmp_path / f"{kind}-new").dim == SMALL[kind].embed_dim
