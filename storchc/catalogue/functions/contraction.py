"""``einsum``: letters name event dimensions; plates are kept without being named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from storchc.catalogue.function import (
    Algebra,
    Arguments,
    Emission,
    Function,
    Misfit,
    Outcome,
    Parameter,
)
from storchc.catalogue.functions import algebra, along, moves, terms
from storchc.catalogue.functions.fitting import fit, numeric
from storchc.catalogue.functions.smooth import SMOOTH
from storchc.catalogue.functions.writing import same
from storchc.ir.size import Size
from storchc.ir.types import write_shape
from storchc.python.expressions import Py, call, literal

EINSUM = (Parameter("equation", "text"), Parameter("operands", "values"))


def _read(equation: object) -> tuple[list[str], str]:
    """The letters of the operands, and those of the result."""
    text = str(equation).replace(" ", "")
    if "." in text:
        message = "`...` in an einsum equation"
        raise Misfit(message, "leave it out: plates are kept, and event dimensions have letters")
    left, arrow, right = text.partition("->")
    names = left.split(",")
    letters = "".join(names)
    if not all(c.isascii() and c.isalpha() for c in letters + right):
        raise Misfit(f'"{equation}" is not an einsum equation', 'write it like "ij,j->i"')
    return names, right if arrow else _implicit(letters)


def _implicit(letters: str) -> str:
    return "".join(sorted(c for c, count in Counter(letters).items() if count == 1))


def _result(names: list[str], right: str) -> None:
    unknown = [c for c in right if c not in "".join(names)]
    if unknown:
        message = f"the result names `{unknown[0]}`, which no operand has"
        raise Misfit(message, "use letters of the operands")
    if len(set(right)) < len(right):
        raise Misfit("the result names a letter twice", "name each letter once")


def _letter_sizes(names: list[str], args: Arguments) -> dict[str, Size]:
    found: dict[str, Size] = {}
    for position, (term, shape) in enumerate(zip(names, args.shapes, strict=True)):
        if len(term) != len(shape):
            message = f"`{term}` does not name the dimensions of `{write_shape(shape)}`"
            raise Misfit(message, "write one letter for each event dimension", position)
        for letter, size in zip(term, shape, strict=True):
            common = fit(found.get(letter, size), size)
            if common is None:
                message = f"`{letter}` stands for both `{found[letter]}` and `{size}`"
                raise Misfit(message, "dimensions of one letter have one size", position)
            found[letter] = common
    return found


def _einsum_shape(args: Arguments) -> Outcome:
    names, right = _read(args.settings["equation"])
    if len(names) != len(args.types):
        message = f"the equation names {len(names)} operands, but there are {len(args.types)}"
        raise Misfit(message, "separate the operands' letters by commas")
    _result(names, right)
    sizes = _letter_sizes(names, args)
    return Outcome(tuple(sizes[c] for c in right), numeric(args.promoted()))


def _with_dots(names: Iterable[str], plates: Iterable[object]) -> list[str]:
    pairs = zip(names, plates, strict=True)
    return ["..." + term if has else term for term, has in pairs]


def _einsum(e: Emission) -> Py:
    names, right = _read(e.settings["equation"])
    left = _with_dots(names, (t.plates for t in e.types))
    (result,) = _with_dots((right,), (e.result.plates,))
    equation = f"{','.join(left)}->{result}"
    return call("torch.einsum", literal(equation), *same(e))


FUNCTIONS = (
    Function(
        "einsum",
        "sums of products, by an equation over event dimensions",
        EINSUM,
        _einsum_shape,
        _einsum,
        broken="none",
        algebra=Algebra(moves.lettered, algebra.each, terms=terms.products),
        range=along.lettered,
        smoothness=SMOOTH,
        align="plates",
        group="linear",
    ),
)
