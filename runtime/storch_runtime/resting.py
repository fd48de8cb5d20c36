"""Methods at rest: what they do leaves their averages and temperatures as they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from torch import nn

__all__ = ["resting"]


@contextmanager
def resting(methods: Iterable[nn.Module]) -> Iterator[None]:
    """Take ``methods`` out of training: for a replay, or a look at values that were not drawn."""
    active = [method for method in methods if method.training]
    for method in active:
        method.training = False
    try:
        yield
    finally:
        for method in active:
            method.training = True
