"""The whole way from packed pictures to a judged model, on a model of a few thousand weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from photoclip.clip import checkpoint
from photoclip.clip.tokenizer import load_tokenizer
from photoclip.clip.training import distill, evaluate, join, packing, sets, train, views
from photoclip.clip.training.labels import NO_CLASS, Labels
from photoclip.clip.training.mixture import Mixture
from photoclip.clip.training.texts import folded, unique, with_templates
from tests.clip.training.training_pictures import COLOURS, CONFIG, network

CPU = torch.device("cpu")
TEXT_DIM = 20


@pytest.fixture
def mixture(data: Path, tmp_path: Path) -> tuple[Mixture, list[str]]:
    captions: list[str] = []
    for key in ("caltech101", "flickr8k"):
        pictures = list(sets.captioned(data / f"{key}.zip", splits=frozenset({"train"})))
        packed = packing.pack(pictures, tmp_path / "packs", key, np.array([], np.uint64))
        views.Looker(*network(), CONFIG, CPU, seed=0, side=32).look(packed, tmp_path / "packs", ignored)
        captions += [text for picture in pictures for text in picture.texts]
    texts = unique([*captions, *(text for name in COLOURS for text in with_templates(name))])
    return Mixture(tmp_path / "packs", Labels(tmp_path / "packs", texts), seed=1), texts


def ignored(line: str) -> None:
    """What the stages log."""


def targets_of(mixture: Mixture, texts: list[str]) -> train.Targets:
    """Vectors that say which colour a text names, and little else."""
    random = torch.Generator().manual_seed(0)
    vectors = 0.1 * torch.randn(len(texts), TEXT_DIM, generator=random)
    for row, text in enumerate(texts):
        for axis, colour in enumerate(COLOURS):
            vectors[row, axis] += 3.0 * (colour in text)
    vectors = F.normalize(vectors, dim=-1)
    names = torch.stack([vectors[mixture.labels.rows[folded(name)]] for name in mixture.labels.names])
    imagenet = F.normalize(torch.randn(1000, TEXT_DIM, generator=random), dim=-1)
    return train.Targets(vectors, names, imagenet)


def a_run(folder: Path, mixture: Mixture, texts: list[str]) -> train.Run:
    schedule = train.Schedule(minutes=1.0, batch=32, peak=5e-3)
    return train.Run(folder, network()[0], mixture, targets_of(mixture, texts), schedule, CPU)


def test_a_batch_says_what_belongs_together(mixture: tuple[Mixture, list[str]]) -> None:
    mixed, texts = mixture
    batch = mixed.batch(3, 64)
    assert batch.maps.shape == (64, *mixed.views[0].maps.shape[1:])
    assert mixed.labels.names == list(COLOURS)
    for row in range(64):
        text = texts[int(batch.texts[row])]
        if (class_row := int(batch.classes[row])) != NO_CLASS:
            assert mixed.labels.names[class_row] in text
            assert int(batch.groups[row]) == class_row
        else:
            assert int(batch.texts[row]) in mixed.labels.caption_rows[int(batch.captions[row])]
            assert int(batch.groups[row]) == len(mixed.labels.names) + int(batch.captions[row])
    again = mixed.batch(3, 64)
    assert torch.equal(batch.maps, again.maps)
    assert torch.equal(batch.texts, again.texts)
    assert not torch.equal(batch.texts, mixed.batch(4, 64).texts)
    named = [texts[row] for row in mixed.labels.name_rows()]
    assert set(named) == {text for name in COLOURS for text in with_templates(name)}


def test_training_lowers_the_loss(mixture: tuple[Mixture, list[str]], tmp_path: Path) -> None:
    run = a_run(tmp_path / "run", *mixture)
    found = [run.train_step(0.1)["names"] for _ in range(40)]
    assert np.mean(found[-5:]) < 0.7 * np.mean(found[:5])


def test_a_killed_run_goes_on_as_if_it_had_not_been(
    mixture: tuple[Mixture, list[str]], tmp_path: Path
) -> None:
    whole = a_run(tmp_path / "whole", *mixture)
    first = a_run(tmp_path / "parts", *mixture)
    for run in (whole, first):
        for _ in range(3):
            run.train_step(0.2)
    first.save()
    second = a_run(tmp_path / "parts", *mixture)
    assert second.step == 3
    assert second.train_step(0.2) == pytest.approx(whole.train_step(0.2), rel=1e-4)


def test_the_rate_rises_then_falls() -> None:
    schedule = train.Schedule(minutes=1.0)
    rates = [schedule.rate(share) for share in (0.0, 0.02, 0.5, 1.0)]
    assert rates[0] < rates[2] < rates[1] == 1.0
    assert rates[3] < 1e-3


def test_the_text_tower_learns_its_vectors_and_goes_on(
    mixture: tuple[Mixture, list[str]], tmp_path: Path
) -> None:
    mixed, texts = mixture
    vectors = targets_of(mixed, texts).texts.half().numpy()
    tokens = distill.tokenize(texts, CONFIG, tmp_path / "tokens.npy")
    run = distill.Distillation(
        tmp_path / "text",
        CONFIG,
        tokens,
        vectors,
        CPU,
        minutes=1.0,
        seed=0,
        often=mixed.labels.name_rows(),
    )
    found = [run.train_step(0.1)[0] for _ in range(60)]
    assert found[-1] > found[0] + 0.1
    run.save()
    again = distill.Distillation(tmp_path / "text", CONFIG, tokens, vectors, CPU, minutes=1.0, seed=0)
    assert again.step == 60


def test_joined_towers_agree_with_the_map_between_them(
    mixture: tuple[Mixture, list[str]], tmp_path: Path
) -> None:
    texts = mixture[1]
    student = a_run(tmp_path / "run", *mixture).student.eval()
    torch.nn.init.normal_(student.text_map.weight)
    tower = distill.text_tower(CONFIG, TEXT_DIM).eval()
    model = join.joined(CONFIG, student.state_dict(), tower.state_dict())
    tokens = load_tokenizer(CONFIG.text.vocab_size, CONFIG.text.context_length)(texts[:4], truncate=True)
    expected = tower.encode_text(tokens) @ student.text_map.weight.T
    assert torch.allclose(model.encode_text(tokens), expected, atol=1e-4)
    pixels = torch.randn(2, 3, 32, 32)
    assert torch.allclose(model.encode_image(pixels), student.visual(pixels), atol=1e-5)


def test_the_fitted_text_tower_comes_half_of_the_way_back(
    mixture: tuple[Mixture, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    student = a_run(tmp_path / "run", *mixture).student
    tower = distill.text_tower(CONFIG, TEXT_DIM)
    found = []
    for back in (1.0, 0.0, join.BACK):
        monkeypatch.setattr(join, "BACK", back)
        model = join.joined(CONFIG, student.state_dict(), tower.state_dict())
        join.fit_text(model, CONFIG, mixture[0], mixture[1], ignored, seed=0, steps=2, batch=8)
        found.append(model.text_projection.detach().clone())
    before, after, shipped = found
    assert not torch.allclose(before, after, atol=1e-5)
    torch.testing.assert_close(shipped, (before + after) / 2)


def test_the_evaluation_prints_its_tables(
    data: Path, mixture: tuple[Mixture, list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    student = a_run(tmp_path / "run", *mixture).student
    model = join.joined(CONFIG, student.state_dict(), distill.text_tower(CONFIG, TEXT_DIM).state_dict())
    join.fit_text(model, CONFIG, mixture[0], mixture[1], ignored, seed=0, steps=2, batch=8)
    checkpoint.save(model, CONFIG, tmp_path / "model")
    assert evaluate.main(["--model", str(tmp_path / "model"), "--data", str(data)]) == 0
    printed = capsys.readouterr().out
    assert "Caltech-101 dev, 6 photos among 3 names" in printed
    assert evaluate.main(["--model", str(tmp_path / "missing"), "--data", str(data)]) == 1
    assert str(tmp_path / "missing") in capsys.readouterr().err


def test_a_perfect_model_finds_everything() -> None:
    images = F.normalize(torch.eye(12), dim=-1)
    texts = images.repeat_interleave(5, dim=0)
    figures = evaluate.Figures()
    evaluate.retrieval(texts @ images.T, torch.arange(12).repeat_interleave(5), figures)
    assert figures.text_to_image == figures.image_to_text == {1: 1.0, 5: 1.0, 10: 1.0}
    wrong = torch.roll(images, 1, dims=0)
    evaluate.retrieval(texts @ wrong.T, torch.arange(12).repeat_interleave(5), figures)
    assert figures.text_to_image[1] == figures.image_to_text[1] == 0.0
