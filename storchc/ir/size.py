"""Sizes of event dimensions: polynomials over the free dims of a story.

A constant dim is its value, so ``[K]`` with ``dim K = 2`` equals ``[2]``; only a *literal* 1
broadcasts. A quotient that does not divide is kept as an opaque term, equal only to itself.
"""

from __future__ import annotations

from dataclasses import field

from storchc.records import dataclass

Monomial = tuple[str, ...]  # sorted factors: free dims, or the text of an opaque quotient


@dataclass(frozen=True, slots=True)
class Size:
    """``terms`` maps each product of free dims to its coefficient, sorted, zeros left out.

    ``text`` is how the story wrote it (for messages only); ``literal`` marks a 1 that was written
    as a number or made by an operation such as ``unsqueeze``, the only size that broadcasts.
    """

    terms: tuple[tuple[Monomial, int], ...]
    text: str = field(default="", compare=False)
    literal: bool = field(default=False, compare=False)

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
    def broadcasts(self) -> bool:
        """Whether this is a literal 1."""
        return self.literal and self.value == 1

    def __str__(self) -> str:
        return self.text or self.canonical()

    def canonical(self) -> str:
        """The size written as a sum of products, the same for equal sizes."""
        parts = [_term(monomial, coefficient) for monomial, coefficient in self.terms]
        return " + ".join(parts).replace("+ -", "- ") or "0"


Shape = tuple[Size, ...]


def constant(value: int, *, text: str = "", literal: bool = True) -> Size:
    """A size known now: written as a number unless ``literal`` is False (a named constant dim)."""
    return Size((((), value),) if value else (), text or str(value), literal)


def free(name: str) -> Size:
    """The size of a free dim."""
    return Size((((name,), 1),), name)


ONE = constant(1)


def add(a: Size, b: Size) -> Size:
    """``a + b``."""
    return _make(_merge(a.terms, b.terms), _infix(a, "+", b))


def subtract(a: Size, b: Size) -> Size:
    """``a - b``."""
    negative = tuple((monomial, -coefficient) for monomial, coefficient in b.terms)
    return _make(_merge(a.terms, negative), _infix(a, "-", b))


def multiply(a: Size, b: Size) -> Size:
    """``a * b``."""
    return _make(_product(a.terms, b.terms), _infix(a, "*", b))


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
        return Size(exact.terms, text)
    if a.value is not None and b.value is not None and b.value > 0:
        return constant(a.value // b.value, text=text, literal=False)
    return Size((((f"(({a.canonical()}) // ({b.canonical()}))",), 1),), text)


def divide(a: Size, b: Size) -> Size | None:
    """The size ``c`` with ``c * b == a`` as polynomials, or None where there is none."""
    if not b.terms:
        return None
    rest, quotient = dict(a.terms), {}
    lead, lead_coefficient = b.terms[-1]
    while rest:
        top = max(rest, key=_order)
        factor = _without(top, lead)
        if factor is None or rest[top] % lead_coefficient:
            return None
        step = rest[top] // lead_coefficient
        quotient[factor] = step
        removed = _product(((factor, -step),), b.terms)
        rest = {m: c for m, c in _merge(tuple(rest.items()), removed)}
    return _make(tuple(sorted(quotient.items(), key=lambda t: _order(t[0]))), _infix(a, "/", b))


def _make(terms: tuple[tuple[Monomial, int], ...], text: str) -> Size:
    size = Size(terms)
    return Size(terms, str(size.value) if size.value is not None else text)


def _order(monomial: Monomial) -> tuple[int, Monomial]:
    return len(monomial), monomial


def _merge(
    a: tuple[tuple[Monomial, int], ...], b: tuple[tuple[Monomial, int], ...]
) -> tuple[tuple[Monomial, int], ...]:
    total: dict[Monomial, int] = dict(a)
    for monomial, coefficient in b:
        total[monomial] = total.get(monomial, 0) + coefficient
    kept = [(m, c) for m, c in total.items() if c]
    return tuple(sorted(kept, key=lambda term: _order(term[0])))


def _product(
    a: tuple[tuple[Monomial, int], ...], b: tuple[tuple[Monomial, int], ...]
) -> tuple[tuple[Monomial, int], ...]:
    result: tuple[tuple[Monomial, int], ...] = ()
    for left, x in a:
        part = tuple((tuple(sorted(left + right)), x * y) for right, y in b)
        result = _merge(result, part)
    return result


def _without(monomial: Monomial, factor: Monomial) -> Monomial | None:
    left = list(monomial)
    for name in factor:
        if name not in left:
            return None
        left.remove(name)
    return tuple(left)


def _term(monomial: Monomial, coefficient: int) -> str:
    if not monomial:
        return str(coefficient)
    names = "*".join(monomial)
    return names if coefficient == 1 else f"{coefficient}*{names}"


def _infix(a: Size, op: str, b: Size) -> str:
    def wrap(size: Size) -> str:
        text = str(size)
        return f"({text})" if " " in text and op != "+" else text

    return f"{wrap(a)} {op} {wrap(b)}"
