"""Methods at rest: what they do leaves their averages and temperatures as they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from torch import nn

__all__ = ["looking", "resting"]


@contextmanager
def resting(methods: Iterable[nn.Module]) -> Iterator[None]:
    """Take ``methods`` out of training, for a replay."""
    active = [method for method in methods if method.training]
    for method in active:
        method.training = False
    try:
        yield
    finally:
        for method in active:
            method.training = True


@contextmanager
def looking(methods: Iterable[nn.Module]) -> Iterator[None]:
    """Take them out of training for a look at values that were not drawn.

    What they have averaged of this forward already must not be seen there: it depends on what was
    drawn.
    """
    methods = list(methods)
    still = [method for method in methods if not method.looking]
    for method in still:
        method.looking = True  # type: ignore[assignment]
    try:
        with resting(methods):
            yield
    finally:
        for method in still:
            method.looking = False  # type: ignore[assignment]
