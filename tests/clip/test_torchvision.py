"""torchvision's pure-Python half imports, whatever torch it stands beside."""

from __future__ import annotations

import subprocess
import sys

import torch

from photoclip.clip.torchvision_compat import import_torchvision


def test_transforms_work():
    v2 = import_torchvision("torchvision.transforms.v2")
    picture = torch.arange(48, dtype=torch.uint8).view(3, 4, 4)
    assert v2.functional.horizontal_flip(picture).equal(picture.flip(-1))
    assert v2.functional.resize(picture, [2, 2], antialias=True).shape == (3, 2, 2)
    assert import_torchvision("torchvision.transforms.v2") is v2


def test_it_works_in_a_new_process():
    code = (
        "from photoclip.clip.torchvision_compat import import_torchvision as get; "
        "print(get('torchvision.models').resnet18.__name__)"
    )
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "resnet18"
