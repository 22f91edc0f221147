"""The directions in which vectors vary most: fewer numbers, which tell them apart almost as well."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photoclip.library.cosines import Half, Vectors
from photoclip.library.levels import are_unit

_SAMPLE = 20_000


def sample_of(matrix: Half, count: int) -> Half:
    """Some of the rows from all over `matrix`, about `count` where it has more, without damaged ones."""
    sample = matrix[:: max(1, len(matrix) // count)]
    return sample[are_unit(sample)]


@dataclass(frozen=True)
class Projection:
    """Principal component analysis: the vectors' mean [D] and their main directions, basis [D, d]."""

    mean: NDArray[np.float32]
    basis: NDArray[np.float32]

    @classmethod
    def of(cls, matrix: Half, directions: int) -> Projection:
        """From a sample of the unit rows of `matrix` [N, D]; no more directions than D."""
        sample = sample_of(matrix, _SAMPLE).astype(np.float64)
        mean = sample.mean(axis=0)
        _, main = np.linalg.eigh(np.cov((sample - mean).T))
        basis = main[:, ::-1][:, : min(directions, matrix.shape[1])]
        return cls(mean.astype(np.float32), np.ascontiguousarray(basis, np.float32))

    def __call__(self, vectors: Half | Vectors) -> Vectors:
        """[N, D] -> [N, d], without the mean."""
        return np.asarray((vectors.astype(np.float32, copy=False) - self.mean) @ self.basis, np.float32)
