"""What the user's modules are by default, and what params start as: data for the constructor."""

from __future__ import annotations

from collections.abc import Iterator

from storchc.records import dataclass
from storchc.source import Span

Numbers = float | tuple["Numbers", ...]


@dataclass(frozen=True, slots=True)
class Initial:
    """How a param starts: ``full`` of a number, a ``tensor`` of nested ones, or an initialiser.

    ``numbers`` are all the arguments of an initialiser, in its order.
    """

    name: str
    numbers: tuple[Numbers, ...]


RECURRENT = frozenset({"RNN", "LSTM", "GRU"})
TUPLES = RECURRENT | {"MultiheadAttention"}
"""Classes of ``torch.nn`` that give a tuple, of which the first part is the output."""

BATCH_FIRST = {
    **dict.fromkeys(sorted(RECURRENT), 4),
    "MultiheadAttention": 8,
    "TransformerEncoderLayer": 6,
    "TransformerDecoderLayer": 6,
    "Transformer": 10,
}
"""Classes that take the batch second unless they are told, and the place of what tells them."""


@dataclass(frozen=True, slots=True)
class Layer:
    """The call of a class of ``torch.nn``; ``span`` is that of the name of the class."""

    name: str
    arguments: tuple[Argument, ...]
    keywords: tuple[tuple[str, Argument], ...]
    span: Span

    @property
    def last(self) -> Layer | None:
        """The layer at the end, inside of every ``nn.Sequential``; None where that is empty."""
        if self.name != "Sequential":
            return self
        end = self.arguments[-1] if self.arguments else None
        return end.last if isinstance(end, Layer) else None


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """``op`` between constants, as the story writes it; a sign has one operand."""

    op: str
    operands: tuple[Argument, ...]


Argument = Layer | Arithmetic | float | str | None | tuple["Argument", ...]


def layers(argument: Argument) -> Iterator[Layer]:
    """Every layer in an argument, outer ones first."""
    match argument:
        case Layer():
            yield argument
            for inner in (*argument.arguments, *(value for _, value in argument.keywords)):
                yield from layers(inner)
        case tuple():
            for item in argument:
                yield from layers(item)
        case Arithmetic() | float() | int() | str() | None:
            pass
