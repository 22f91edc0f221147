from __future__ import annotations

import torch

from photoclip.clip.training.muon import Muon, orthogonal


def test_steps_are_nearly_orthogonal_whatever_the_gradients_scale() -> None:
    random = torch.Generator().manual_seed(0)
    matrix = torch.randn(6, 20, generator=random) * torch.logspace(-1, 2, 6)[:, None]
    values = torch.linalg.svdvals(orthogonal(matrix).float())
    assert values.max() < 1.4
    assert values[:4].min() > 0.5


def test_a_convolution_learns_what_is_asked_of_it() -> None:
    torch.manual_seed(0)
    asked, learner = (torch.nn.Conv2d(3, 8, 3, bias=False) for _ in range(2))
    optimizer = Muon(learner.parameters(), lr=0.05)
    found = []
    for _ in range(60):
        x = torch.randn(4, 3, 8, 8)
        loss = (learner(x) - asked(x)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    assert found[-1] < 0.1 * found[0]
