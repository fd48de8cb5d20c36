"""The images that the demo trains on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Images:
    """Images as rows of numbers between 0 and 1; ``shape`` is that of one image."""

    name: str
    train: Tensor
    test: Tensor
    shape: tuple[int, ...]

    @property
    def pixels(self) -> int:
        """The length of a row."""
        return self.train.shape[1]


def load(path: Path | None) -> Images:
    """The images of ``path`` (``x_train`` and ``x_test``, uint8), or scikit-learn's digits."""
    if path is None:
        digits = load_digits().images.astype(np.float32) / 16
        mixed = digits[np.random.default_rng(0).permutation(len(digits))]
        return rows("scikit-learn's handwritten digits", mixed[:1500], mixed[1500:])
    with np.load(path) as data:
        parts = data["x_train"], data["x_test"]
    for part in parts:
        if part.dtype != np.uint8 or part.ndim < 3 or part.shape[1:] != parts[0].shape[1:]:
            raise SystemExit(f"{path}: x_train and x_test must hold uint8 images of one size")
    return rows(path.stem, *(part.astype(np.float32) / 255 for part in parts))


def rows(name: str, train: np.ndarray, test: np.ndarray) -> Images:
    """Flatten the images."""
    flat = (torch.from_numpy(part.reshape(len(part), -1)) for part in (train, test))
    return Images(name, *flat, train.shape[1:])
