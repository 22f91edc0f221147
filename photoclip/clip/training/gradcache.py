"""The contrastive loss of a batch too large for the memory, with exactly the gradients of the whole batch.

After Gao, Zhang, Han and Callan, "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup"
(2021). The loss needs the features of all pairs, which are small; only the activations that lead to them are
large. So: encode chunk by chunk without keeping activations, take the loss and its gradient with respect to
the features, then encode each chunk again, now with activations, and push its part of that gradient back.

What is random in a tower (dropout) is drawn the same both times. Batch norm in training mode is the one
exception to exactness: its statistics are a chunk's and not the batch's, and its running averages see every
chunk twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Tower:
    """`encode` gives the features [n, E] of a slice of the batch.

    It must enter autocast itself, anew each time: autocast keeps the weights it has cast, and those cast
    while no graph was kept would cut the gradient off. A tower that is not `trained` is encoded once.
    """

    encode: Callable[[slice], Tensor]
    trained: bool = True


def backward(
    towers: Sequence[Tower],
    loss: Callable[..., Tensor],
    count: int,
    chunk: int,
    device: torch.device | str = "cpu",
) -> Tensor:
    """Adds the gradients of `loss(*features)` to the parameters, and returns its value, a scalar.

    `features` are [count, E], one tensor for each tower. Of the activations only those of one tower and
    `chunk` rows are in memory at a time. Parameters that the loss uses by itself, such as the temperature,
    get their gradients as well.
    """
    slices = [slice(start, min(count, start + chunk)) for start in range(0, count, chunk)]
    if len(slices) == 1:
        return _at_once(towers, loss, slices[0])
    states: list[list[_RandomState]] = []
    features = []
    for tower in towers:
        states.append([])
        parts = []
        for part in slices:
            states[-1].append(_RandomState(device))
            with torch.no_grad():
                parts.append(tower.encode(part))
        features.append(torch.cat(parts).requires_grad_(tower.trained))
    value = loss(*features)
    value.backward()
    for tower, kept, feature in zip(towers, states, features, strict=True):
        if feature.grad is not None:
            for part, state in zip(slices, kept, strict=True):
                with state.again():
                    tower.encode(part).backward(gradient=feature.grad[part])
    return value.detach()


def _at_once(towers: Sequence[Tower], loss: Callable[..., Tensor], whole: slice) -> Tensor:
    """The batch is one chunk: nothing is encoded twice."""
    features = []
    for tower in towers:
        with torch.set_grad_enabled(tower.trained):
            features.append(tower.encode(whole))
    value = loss(*features)
    value.backward()
    return value.detach()


class _RandomState:
    """torch's random state when this was made, to be gone back to for a while."""

    def __init__(self, device: torch.device | str) -> None:
        self.devices = [device] if torch.device(device).type == "cuda" else []
        self.cpu = torch.get_rng_state()
        self.others = [torch.cuda.get_rng_state(name) for name in self.devices]

    @contextmanager
    def again(self) -> Iterator[None]:
        with torch.random.fork_rng(devices=self.devices):
            torch.set_rng_state(self.cpu)
            for name, state in zip(self.devices, self.others, strict=True):
                torch.cuda.set_rng_state(state, name)
            yield
