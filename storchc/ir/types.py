"""Types of values: plates, event shape, dtype; and of distributions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from storchc.ir.size import Shape
from storchc.records import dataclass

Dtype = Literal["float", "int", "bool"]
Flag = Literal["batched", "nondiff", "stateful", "frozen", "reparameterized", "discrete"]
"""What a story declares of something of the user's, between its name and its signature."""
Plates = frozenset[str]
NO_PLATES: Plates = frozenset()


def united(sets: Iterable[Plates]) -> Plates:
    """The union; where only one set has plates it is that set, not a copy."""
    first, *rest = [plates for plates in sets if plates] or [NO_PLATES]
    return first.union(*rest) if rest else first


@dataclass(frozen=True, slots=True)
class ValueType:
    """A tensor: its plates (a set: their order in memory is the story's), event shape and dtype."""

    plates: Plates
    shape: Shape
    dtype: Dtype = "float"

    @property
    def rank(self) -> int:
        """The number of event dimensions."""
        return len(self.shape)


@dataclass(frozen=True, slots=True)
class Declared:
    """What a story declares of a distribution of the user's: what it takes, and how it draws.

    Its parameters are ``arguments``, one tensor each.
    """

    arguments: tuple[ValueType, ...]
    flags: frozenset[Flag]


@dataclass(frozen=True, slots=True)
class DistributionType:
    """A distribution: ``batch`` is its parameters' event shape, ``event`` the family's own.

    ``joined``: as many of the last dimensions of ``batch`` are one event to who looks at elements
    of the batch apart (`Independent`).
    ``declared`` of one of the user's, whose ``family`` is its name in the story.
    """

    family: str
    plates: Plates
    batch: Shape
    event: Shape
    dtype: Dtype = "float"
    joined: int = 0
    declared: Declared | None = None

    @property
    def apart(self) -> Shape:
        """The dimensions of ``batch`` whose elements are looked at apart."""
        return self.batch[: len(self.batch) - self.joined]

    @property
    def sample(self) -> ValueType:
        """The type of a value drawn once, without the plate of its sample."""
        return ValueType(self.plates, self.batch + self.event, self.dtype)


def write_shape(shape: Shape) -> str:
    """A shape as in a story: ``[K, C]``."""
    return f"[{', '.join(map(str, shape))}]"
