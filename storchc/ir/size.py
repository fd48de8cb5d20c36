"""Sizes of event dimensions: polynomials over the free dims of a story.

A constant dim is its value, so ``[K]`` with ``dim K = 2`` equals ``[2]``; only a *literal* 1
broadcasts. A quotient that does not divide is kept as an opaque term, equal only to itself.
"""

from __future__ import annotations

import re
from hashlib import blake2b

from storchc.ir.polynomial import Terms, negative, over, plus, times, write
from storchc.records import dataclass

MOST = 100
"""How many products are multiplied out at once; beyond, a size keeps its sums as factors."""

_PRIME = 2**127 - 1
_NAME = re.compile(r"[A-Za-z_]\w*")
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Size:
    """``terms`` is what the size comes to: `expanded`, or with sums in brackets among the factors.

    A factor is a free dim, or the text of an opaque quotient or of a sum. ``factors`` keeps every
    sum that was multiplied in brackets. ``mark`` is the polynomial's value at a fixed point, modulo
    a prime: equal sizes have equal marks, however they are written, and two different ones by a
    chance of one in 10^36. ``text`` is how the story wrote it (for messages only); ``literal``
    marks a 1 that was written as a number or made by an operation such as ``unsqueeze``, the only
    size that broadcasts.
    """

    terms: Terms
    factors: Terms
    mark: int
    expanded: bool = True
    text: str = ""
    literal: bool = False

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Size):
            return NotImplemented
        if self.expanded and other.expanded:
            return self.terms == other.terms
        return self.mark == other.mark

    def __hash__(self) -> int:
        return hash(self.mark)

    @property
    def value(self) -> int | None:
        """The number of elements, or None when it is known at run time only."""
        match self.terms:
            case ():
                return 0
            case (((), coefficient),):
                return coefficient
            case _:
                return None

    @property
    def dim(self) -> str | None:
        """The free dim that stands alone here; None for anything made of dims."""
        match self.terms:
            case (((one,), 1),) if one.isidentifier():
                return one
            case _:
                return None

    @property
    def names(self) -> frozenset[str]:
        """The free dims that the size is made of."""
        factors = {factor for monomial, _ in self.terms for factor in monomial}
        return frozenset(name for factor in factors for name in _NAME.findall(factor))

    @property
    def broadcasts(self) -> bool:
        """Whether this is a literal 1."""
        return self.literal and self.value == 1

    def __str__(self) -> str:
        return self.text or self.canonical()

    def canonical(self) -> str:
        """The size written as a sum of products, the same for equal sizes that are `expanded`."""
        return write(self.terms)


Shape = tuple[Size, ...]


def constant(value: int, *, text: str = "", literal: bool = True) -> Size:
    """A size known now: written as a number unless ``literal`` is False (a named constant dim)."""
    terms: Terms = (((), value),) if value else ()
    return Size(terms, terms, value % _PRIME, text=text or str(value), literal=literal)


def free(name: str) -> Size:
    """The size of a free dim."""
    return _opaque(name, name, expanded=True, text=name)


ONE = constant(1)


def add(a: Size, b: Size) -> Size:
    """``a + b``."""
    terms = plus(a.terms, b.terms) if a.expanded and b.expanded else None
    return _made(terms, plus(a.factors, b.factors), a.mark + b.mark, _infix(a, "+", b))


def subtract(a: Size, b: Size) -> Size:
    """``a - b``."""
    terms = plus(a.terms, negative(b.terms)) if a.expanded and b.expanded else None
    factors = plus(a.factors, negative(b.factors))
    return _made(terms, factors, a.mark - b.mark, _infix(a, "-", b))


def multiply(a: Size, b: Size) -> Size:
    """``a * b``."""
    few = len(a.terms) * len(b.terms) <= MOST
    terms = times(a.terms, b.terms) if few and a.expanded and b.expanded else None
    factors = times(_in_brackets(a), _in_brackets(b))
    return _made(terms, factors, a.mark * b.mark, _infix(a, "*", b))


def product(sizes: Shape) -> Size:
    """The number of elements of a shape."""
    result = ONE
    for size in sizes:
        result = multiply(result, size) if result != ONE else size
    return result


def floor_divide(a: Size, b: Size) -> Size:
    """``a // b``: exact where it divides, a number where both are known, else an opaque term."""
    text = _infix(a, "//", b)
    exact = divide(a, b)
    if exact is not None:
        return Size(exact.terms, exact.factors, exact.mark, exact.expanded, text)
    if a.value is not None and b.value is not None and b.value > 0:
        return constant(a.value // b.value, text=text, literal=False)
    known_by = f"{a.mark} // {b.mark}"
    written = f"(({a.canonical()}) // ({b.canonical()}))"
    return _opaque(written, known_by, expanded=a.expanded and b.expanded, text=text)


def divide(a: Size, b: Size) -> Size | None:
    """The size ``c`` with ``c * b == a`` as polynomials, or None where none is found."""
    known = a.expanded and b.expanded
    terms = over(a.terms, b.terms) if known else None
    if known and terms is None:
        return None
    bracketed = over(a.factors, _in_brackets(b))
    factors = terms if bracketed is None else bracketed
    if factors is None:
        return None
    return _made(terms, factors, a.mark * pow(b.mark, -1, _PRIME), _infix(a, "/", b))


def _made(terms: Terms | None, factors: Terms, mark: int, text: str) -> Size:
    """A size that is multiplied out, as ``terms``, or else its ``factors``."""
    known = factors if terms is None else terms
    size = Size(known, factors, mark % _PRIME, terms is not None, text)
    if size.value is None:
        return size
    return Size(known, factors, size.mark, size.expanded, str(size.value))


def _opaque(factor: str, known_by: str, *, expanded: bool, text: str) -> Size:
    """A size of one factor, whose value at the fixed point is chosen by what it is known by."""
    terms: Terms = (((factor,), 1),)
    digest = blake2b(known_by.encode(), digest_size=16).digest()
    return Size(terms, terms, int.from_bytes(digest) % _PRIME, expanded, text)


def _in_brackets(size: Size) -> Terms:
    """The factors of a product; a sum as a factor of its own."""
    if len(size.factors) == 1:
        return size.factors
    return (((f"({size.canonical()})",), 1),) if size.factors else ()


def _infix(a: Size, op: str, b: Size) -> str:
    def wrap(size: Size) -> str:
        text = str(size)
        return f"({text})" if " " in text and op != "+" else text

    text = f"{wrap(a)} {op} {wrap(b)}"
    half = _LONGEST // 2
    return text if len(text) <= _LONGEST else f"{text[:half]} ... {text[-half:]}"
