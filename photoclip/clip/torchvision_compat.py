"""torchvision beside a torch it was not built for.

The usual torchvision wheel for Linux is compiled against CUDA's torch. Beside a CPU-only torch its compiled
half does not load, and then importing its pure-Python half (transforms, models) fails as well, because two
operators it describes do not exist. Declaring those two lets the pure-Python half work.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

import torch

SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)

_declared: list[torch.library.Library] = []  # a library's declarations live as long as it does


def import_torchvision(name: str = "torchvision") -> ModuleType:
    """`import name`, where `name` is torchvision or a module of it, whether or not its operators load."""
    try:
        return importlib.import_module(name)
    except RuntimeError as error:
        if "operator torchvision::nms does not exist" not in str(error):
            raise
    for module in [module for module in sys.modules if module.partition(".")[0] == "torchvision"]:
        del sys.modules[module]  # what the failed import left half made
    library = torch.library.Library("torchvision", "DEF")
    for schema in SCHEMAS:
        library.define(schema)
    _declared.append(library)
    return importlib.import_module(name)
