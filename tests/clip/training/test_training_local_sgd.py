"""Training in several processes: what they hold after a meeting."""

import json
from functools import partial
from pathlib import Path

import torch
from torch import nn

from photoclip.clip.training import local_sgd


def meet(folder: Path, peers: local_sgd.Peers) -> None:
    """The first peer makes one step and the second three; each starts from its own weights."""
    model = nn.Linear(2, 1)
    nn.init.constant_(model.weight, 10.0 * (peers.rank + 1))
    nn.init.constant_(model.bias, float(peers.rank))
    for _ in range(1 + 2 * peers.rank):
        peers.stepped()
    assert peers.between_meetings
    peers.average(model)
    seconds = peers.agree(5.0 + peers.rank)
    told = {
        "weight": model.weight.tolist(),
        "bias": model.bias.tolist(),
        "seconds": seconds,
        "between": peers.between_meetings,
    }
    (folder / f"{peers.rank}.json").write_text(json.dumps(told), encoding="utf-8")


def test_peers_hold_the_mean_weighted_by_steps(tmp_path: Path) -> None:
    local_sgd.together(2, tmp_path / "meeting", partial(meet, tmp_path))
    first, second = (json.loads((tmp_path / f"{rank}.json").read_text()) for rank in (0, 1))
    assert first == second == {"weight": [[17.5, 17.5]], "bias": [0.75], "seconds": 5.0, "between": False}


def test_alone_there_is_nobody_to_meet(tmp_path: Path) -> None:
    peers = local_sgd.Peers(meet_every=0.0)
    peers.stepped()
    assert not peers.meeting_due()
    assert not peers.between_meetings
    assert peers.agree(3.0) == 3.0


def test_a_meeting_is_due_when_its_time_has_come() -> None:
    assert local_sgd.Peers(0, 2, meet_every=0.0).meeting_due()
    assert not local_sgd.Peers(0, 2, meet_every=1e6).meeting_due()


def test_one_process_runs_here(tmp_path: Path) -> None:
    seen: list[int] = []
    local_sgd.together(1, tmp_path / "meeting", lambda peers: seen.append(peers.count))
    assert seen == [1]
    assert torch.distributed.is_initialized() is False
