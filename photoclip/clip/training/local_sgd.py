"""Several processes train one model, each on its own pictures, and meet now and then to average their weights
(local SGD; Stich, "Local SGD Converges Fast and Communicates Little", 2019).

On a CPU this uses the cores better than threads do: nobody waits for a slower one within a step.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import torch
import torch.distributed as dist
from torch import nn

MEET_EVERY = 45.0  # seconds


class Peers:
    """This process's place among those that train together. Alone, there is nobody to meet."""

    def __init__(self, rank: int = 0, count: int = 1, meet_every: float = MEET_EVERY) -> None:
        self.rank, self.count, self.meet_every = rank, count, meet_every
        self.met, self.steps = time.monotonic(), 0

    def stepped(self) -> None:
        self.steps += 1

    def meeting_due(self) -> bool:
        return self.count > 1 and time.monotonic() - self.met >= self.meet_every

    @property
    def between_meetings(self) -> bool:
        """Whether the others count on one more meeting."""
        return self.count > 1 and self.steps > 0

    @torch.no_grad()
    def average(self, model: nn.Module) -> None:
        """Every peer's weights become the mean of all, each counted by the steps it made since the last
        meeting. Waits for all."""
        state = [tensor for tensor in model.state_dict().values() if tensor.is_floating_point()]
        flat = torch.cat([tensor.reshape(-1).cpu() for tensor in state] + [torch.ones(1)]) * self.steps
        dist.all_reduce(flat)
        flat /= flat[-1].item()
        for tensor, mean in zip(state, flat[:-1].split([tensor.numel() for tensor in state]), strict=True):
            tensor.copy_(mean.view_as(tensor))
        self.met, self.steps = time.monotonic(), 0

    def agree(self, value: float) -> float:
        """The first peer's `value`, on all peers."""
        if self.count == 1:
            return value
        told = torch.tensor(value, dtype=torch.float64)
        dist.broadcast(told, 0)
        return float(told.item())


def together(count: int, meeting_place: Path, work: Callable[[Peers], None]) -> None:
    """Runs `work` in `count` processes, which find each other through the file `meeting_place`."""
    if count == 1:
        work(Peers())
        return
    meeting_place.unlink(missing_ok=True)
    torch.multiprocessing.start_processes(
        _joined, (count, meeting_place, work), nprocs=count, start_method="spawn"
    )


def _joined(rank: int, count: int, meeting_place: Path, work: Callable[[Peers], None]) -> None:
    dist.init_process_group("gloo", init_method=f"file://{meeting_place}", rank=rank, world_size=count)
    try:
        work(Peers(rank, count))
    finally:
        dist.destroy_process_group()
