"""How fast this machine computes a Vision Transformer, from one block of ViT-B/32: what models that are not
here yet would do is estimated from it.
"""

from __future__ import annotations

import time

import torch

from photoclip.clip.config import CLIPConfig, TextConfig, ViTConfig
from photoclip.clip.flops import block
from photoclip.clip.model import CLIP
from photoclip.clip.placement import PLAIN, Placement, candidates

TOKENS, WIDTH = 50, 768  # of ViT-B/32
PICTURES, DEVICE_PICTURES = 4, 128  # enough to keep a processor or a graphics card busy
SECONDS = 0.02  # for one precision, after its first run
# In the place of the text tower, because an image tower's last block is computed for one token alone.
CONFIG = CLIPConfig(64, ViTConfig(32, 32, 64, 1, 1), TextConfig(8, 64, WIDTH, 12, 1))


def block_flops_per_second(device: torch.device) -> float:
    """Floating-point operations a second in the fastest precision of `device`.

    Raises RuntimeError where the device fails.
    """
    ways = [way for way in candidates(int8=True) if way.device.type == device.type]
    quick = [way for way in ways if way.dtype != torch.float32] or [PLAIN]
    with torch.random.fork_rng(devices=[]):
        model = CLIP(CONFIG)
    return max(_rate(model, way) for way in quick)


@torch.inference_mode()
def _rate(model: CLIP, way: Placement) -> float:
    (layer,) = way.put(model).transformer.resblocks
    pictures = PICTURES if way.device.type == "cpu" else DEVICE_PICTURES
    x = torch.rand(pictures, TOKENS, WIDTH, generator=torch.Generator().manual_seed(0))
    x = x.to(way.device, way.dtype)

    def run() -> float:
        start = time.perf_counter()
        layer(x, False)[0, 0, 0].item()  # also waits for a device
        return time.perf_counter() - start

    run()  # the first run also allocates and compiles
    best, begun = run(), time.perf_counter()
    while time.perf_counter() - begun < SECONDS:
        best = min(best, run())
    return pictures * block(TOKENS, WIDTH) / best
