"""Sums of products with integer coefficients, which sizes are made of."""

from __future__ import annotations

Monomial = tuple[str, ...]  # sorted factors
Terms = tuple[tuple[Monomial, int], ...]
"""Each product with its coefficient: sorted, zeros left out."""


def plus(a: Terms, b: Terms) -> Terms:
    """``a + b``."""
    total = dict(a)
    for monomial, coefficient in b:
        total[monomial] = total.get(monomial, 0) + coefficient
    return _sorted(total)


def negative(a: Terms) -> Terms:
    """``-a``."""
    return tuple((monomial, -coefficient) for monomial, coefficient in a)


def times(a: Terms, b: Terms) -> Terms:
    """``a * b``, multiplied out."""
    total: dict[Monomial, int] = {}
    for left, x in a:
        for right, y in b:
            monomial = tuple(sorted(left + right))
            total[monomial] = total.get(monomial, 0) + x * y
    return _sorted(total)


def over(a: Terms, b: Terms) -> Terms | None:
    """The terms ``c`` with ``c * b == a``, or None where there are none."""
    if not b:
        return None
    rest, quotient = dict(a), {}
    lead, lead_coefficient = b[-1]
    while rest:
        top = max(rest, key=_order)
        factor = _without(top, lead)
        if factor is None or rest[top] % lead_coefficient:
            return None
        step = rest[top] // lead_coefficient
        quotient[factor] = step
        rest = dict(plus(tuple(rest.items()), times(((factor, -step),), b)))
    return _sorted(quotient)


def write(terms: Terms) -> str:
    """The terms as text, the same for equal ones."""
    parts = [_term(monomial, coefficient) for monomial, coefficient in terms]
    return " + ".join(parts).replace("+ -", "- ") or "0"


def _sorted(total: dict[Monomial, int]) -> Terms:
    kept = [(monomial, coefficient) for monomial, coefficient in total.items() if coefficient]
    return tuple(sorted(kept, key=lambda term: _order(term[0])))


def _order(monomial: Monomial) -> tuple[int, Monomial]:
    return len(monomial), monomial


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
