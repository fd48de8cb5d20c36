"""Whether a tensor carries a gradient, as far as torch tells."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["carries_gradient"]


def carries_gradient(value: Tensor) -> bool:
    """Whether a derivative may be asked for with respect to what ``value``, of any shape, is of.

    Within `torch.vmap` no computed tensor says that it requires one: there any may carry it.
    """
    if value.requires_grad:
        return True
    if torch.compiler.is_compiling():
        return False
    return torch._C._functorch.is_batchedtensor(value)
