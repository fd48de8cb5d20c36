"""Where a sample stands: what the compiler knows of it when a method draws.

Places are small tuples, as one is made in every step of a loop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from torch import Tensor

if TYPE_CHECKING:
    from storch_runtime.drawn import Drawn
    from storch_runtime.joint import Joint

__all__ = [
    "OWN",
    "SINGLE",
    "Chained",
    "EverySequence",
    "Extending",
    "FactorsApart",
    "Held",
    "In",
    "Own",
    "Place",
    "Single",
]


class Held(NamedTuple):
    """Sequences that have ended: where not ``alive`` ``[k, *plates]`` they go on with ``value``.

    The value ``[k, *plates, *event]`` is then certain, and takes nothing from the others.
    """

    alive: Tensor
    value: Tensor


class Own(NamedTuple):
    """It opens a plate of its own, the first dimension of ``[n, *plates]``.

    ``extended``: further samples will extend what is drawn, as parts of one joint sample.
    """

    extended: bool = False


class Single(NamedTuple):
    """It opens a plate of size 1, which has no dimension: the story is too deep for one."""


class In:
    """It stands in a plate that is open, dimension ``plate_dim`` of its distribution's plates.

    No tuple: with its name spelled out, a plain object is made in half the time.
    """

    __slots__ = ("plate_dim",)

    def __init__(self, plate_dim: int) -> None:
        self.plate_dim = plate_dim


class Extending(NamedTuple):
    """It extends the joint sample ``before``, of whose elements there is a distribution each.

    The elements, which lie along ``plate_dim``, are chosen anew: ``draw.joint.parents`` says which
    earlier one each continues. Sequences that are ``held`` have ended.
    """

    before: Drawn | Joint
    plate_dim: int = 0
    held: Held | None = None


class FactorsApart(NamedTuple):
    """It is enumerated, each element of its batch event by itself: no cost joins two of them."""


class Chained(NamedTuple):
    """It is one step of a chain that is summed out: a row for each of ``states`` before it."""

    states: int = 1


class EverySequence(NamedTuple):
    """It is one step of a loop of which every sequence of outcomes is listed.

    * ``steps``, ``counts``: the step of each loop around, and its number of steps.
    * ``plate_dim``: where the sequences lie in ``[*plates]`` of weights and log-probabilities;
      ``given_dim`` in a value that is given.
    * ``own``: whether the distribution has the sequences' dimension, as it depends on what they
      had before.
    * ``held``: sequences that have ended; the distribution has their dimension then.
    """

    steps: tuple[int, ...]
    counts: tuple[int, ...]
    plate_dim: int
    given_dim: int = 0
    own: bool = True
    held: Held | None = None


Place = Own | Single | In | Extending | FactorsApart | Chained | EverySequence
OWN, SINGLE = Own(), Single()
