"""A module, run for every outcome of its methods, whatever these are.

Each call of a method's `propose` is a choice among the outcomes that the method itself lists for
the distribution at hand; the runs are the leaves of the tree of these choices. Where a run draws
anything besides, not all outcomes are listed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from math import prod
from typing import Any

import torch

from storch_runtime import Method
from storch_runtime.methods import Expect
from storch_runtime.samplers import reservoir
from storch_runtime.samplers.sampler import Outcome
from storchc.certify.choices import Tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from storchc.loading import LoadedStory


class NotListed(Exception):
    """There are outcomes that cannot be listed, or too many; its text says which."""


@contextmanager
def told(model: LoadedStory, tree: Tree, most: int) -> Iterator[None]:
    """Every method of the model takes what the tree says, and so does every reservoir.

    A choice of more than ``most`` outcomes is NotListed.
    """
    methods, pick = [method for _, method in model.methods.items()], reservoir.pick
    for method in methods:
        method.propose = _choosing(method, tree, most)
    reservoir.pick = lambda log_masses: tree.take(lambda: _picks(log_masses, most))
    try:
        yield
    finally:
        reservoir.pick = pick
        for method in methods:
            del method.propose


def _choosing(method: Method, tree: Tree, most: int) -> Callable[..., Any]:
    """The method's `propose`, told what to take."""
    cls = type(method)
    propose = cls.propose
    if _draws_by_itself(cls):
        raise NotListed(f"`{cls.__name__}` draws by itself and lists no `outcomes`")

    def chosen(distribution: Any, n: int | None, **values: Any) -> Any:
        def outcomes() -> list[Outcome]:
            _check_count(method, distribution, n, most)
            try:
                return method.outcomes(distribution, each=n is None, **given)
            except (AttributeError, NotImplementedError, TypeError, ValueError) as error:
                raise NotListed(f"`{method.sample}` has outcomes that none can list") from error

        given = {k: v for k, v in values.items() if k not in ("noise", "outcome")}
        return propose(method, distribution, n, outcome=tree.take(outcomes), **given)

    return chosen


def _draws_by_itself(cls: type[Method]) -> bool:
    """Whether a user's method says how to draw, but not what may come of it."""

    def said_in(function: str) -> type:
        return next(base for base in cls.__mro__ if function in vars(base))

    drawing = said_in("propose")
    own = not drawing.__module__.startswith("storch_runtime.")
    return own and not issubclass(said_in("outcomes"), drawing)


def _check_count(method: Method, distribution: Any, n: int | None, most: int) -> None:
    """Before they are listed: there may be more than memory holds."""
    if not distribution.finite:
        raise NotListed(f"`{method.sample}` has outcomes that none can list")
    places = prod(distribution.plates) * (n or 1)
    if not isinstance(method, Expect) and distribution.support_size() ** places > most:
        raise NotListed(f"`{method.sample}` has more than {most} outcomes")


def _picks(log_masses: torch.Tensor, most: int) -> list[Outcome]:
    """Every choice of an index in each row, in proportion to the masses; the first if all are 0."""
    rows = log_masses.reshape(-1, log_masses.shape[-1])
    first = torch.zeros_like(rows)
    first[:, 0] = 1
    possible = (rows > -torch.inf).any(-1, keepdim=True)
    shares = torch.where(possible, rows, 0.0).softmax(-1).where(possible, first).tolist()
    each = [[i for i, share in enumerate(row) if share > 0] for row in shares]
    if prod(map(len, each)) > most:
        raise NotListed(f"a reservoir has more than {most} outcomes")
    shape = log_masses.shape[:-1]
    return [
        (torch.tensor(choice).reshape(shape), prod(map(list.__getitem__, shares, choice)))
        for choice in product(*each)
    ]


@contextmanager
def kept(model: LoadedStory) -> Iterator[Callable[[], None]]:
    """Yields a function that sets the state of all methods back to what it was."""
    buffers = [
        (module, name, buffer.clone())
        for module in model.modules()
        for name, buffer in module._buffers.items()
        if buffer is not None
    ]
    scalars = [
        (method, name, value)
        for method in model.methods.modules()
        for name, value in vars(method).items()
        if isinstance(value, int | float) and name != "training"
    ]

    def restore() -> None:
        for module, name, buffer in buffers:
            module._buffers[name] = buffer.clone()
        for method, name, value in scalars:
            vars(method)[name] = value
        model.watch.unsettled = False

    try:
        yield restore
    finally:
        restore()
