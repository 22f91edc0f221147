"""Muon for convolutions: momentum whose every step is made orthogonal, so that all directions learn alike.

After Keller Jordan's description (2024). Small convolutional networks learn from markedly fewer pictures
with it than with Adam; what is no convolution stays with Adam.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # a quintic that drives singular values towards 1
ITERATIONS = 5


class Muon(torch.optim.Optimizer):
    """Steps of length `lr` in spectral norm for weights of two or more dimensions, seen as [outputs, the
    rest]."""

    def __init__(
        self,
        parameters: Iterable[nn.Parameter] | Iterable[dict[str, object]],
        lr: float,
        momentum: float = 0.9,
    ) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state = self.state[parameter]
                if "momentum" not in state:
                    state["momentum"] = torch.zeros_like(parameter)
                momentum = state["momentum"]
                momentum.lerp_(parameter.grad, 1 - group["momentum"])
                ahead = parameter.grad.lerp(momentum, group["momentum"])  # Nesterov
                parameter.add_(orthogonal(ahead.flatten(1)).view_as(parameter), alpha=-group["lr"])


def orthogonal(matrix: Tensor) -> Tensor:
    """Roughly the nearest semi-orthogonal matrix, by a few Newton-Schulz steps in bfloat16."""
    tall = matrix.shape[0] > matrix.shape[1]
    x = (matrix.T if tall else matrix).bfloat16()
    x = x / (x.norm() + 1e-7)
    a, b, c = COEFFICIENTS
    for _ in range(ITERATIONS):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    scale = max(1.0, matrix.shape[0] / matrix.shape[1]) ** 0.5
    answer: Tensor = scale * (x.T if tall else x).to(matrix.dtype)
    return answer
