"""A small ImageNet classifier (MobileNetV2, LiteRT) to compare the starter's answers with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photoclip.errors import PhotoClipError

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
