"""Soft labels from a small ImageNet classifier (MobileNetV2, LiteRT): its best few of 1,000 classes a
picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photoclip.clip.training.packing import Pack
from photoclip.errors import PhotoClipError

KEPT = 10
INPUT = 224


class Teacher:
    """Runs on the CPU with one thread; about 7 ms a picture."""

    def __init__(self, model: Path) -> None:
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ImportError as error:
            raise PhotoClipError(
                "The teacher needs the package ai-edge-litert; install photoclip[train]."
            ) from error
        self.interpreter = Interpreter(str(model), num_threads=1)
        self.interpreter.allocate_tensors()
        self.input = self.interpreter.get_input_details()[0]["index"]
        output = self.interpreter.get_output_details()[0]
        self.output, (self.scale, self.zero) = output["index"], output["quantization"]

    def __call__(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Probabilities [1000] of one picture [H, W, 3], its centre square enlarged to the teacher's size."""
        height, width = picture.shape[:2]
        side = min(height, width)
        left, top = (width - side) / 2, (height - side) / 2
        image = Image.fromarray(picture).resize(
            (INPUT, INPUT), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side)
        )
        self.interpreter.set_tensor(self.input, np.asarray(image)[None])
        self.interpreter.invoke()
        answer = self.interpreter.get_tensor(self.output)[0, 1:]  # the first class is "background"
        return (answer.astype(np.float32) - self.zero) * self.scale  # type: ignore[no-any-return]


def label(pack: Pack, teacher: Teacher, folder: Path) -> None:
    """Writes `<key>.teacher.npz`: classes int16 [N, KEPT] and probabilities float16 [N, KEPT], best first."""
    target = folder / f"{pack.key}.teacher.npz"
    if target.is_file():
        return
    classes = np.zeros((len(pack), KEPT), np.int16)
    probabilities = np.zeros((len(pack), KEPT), np.float16)
    for index in range(len(pack)):
        answer = teacher(pack.picture(index))
        best = np.argsort(answer)[::-1][:KEPT]
        classes[index], probabilities[index] = best, answer[best]
    unfinished = folder / f"{pack.key}.teacher.part"
    with unfinished.open("wb") as out:
        np.savez(out, classes=classes, probabilities=probabilities)
    unfinished.replace(target)
