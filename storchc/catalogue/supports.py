"""Where the samples of a family lie, and which values its density is made for."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

from storchc.catalogue.family import Family, Part, Support
from storchc.ir import ranges as at
from storchc.ir.expression import Construct
from storchc.ir.ranges import Range

SUPPORTS: Mapping[Support, Range] = {
    "real": at.REAL,
    "positive": at.POSITIVE,
    "nonnegative": at.POSITIVE,
    "unit interval": at.OPEN_UNIT,
    "bounded": at.REAL,
    "circle": Range(-math.pi, math.pi),
    "boolean": at.TRUTH,
    "index": at.COUNT,
    "one-hot": replace(at.TRUTH, simplex=True),
    "count": at.COUNT,
    "bounded count": at.COUNT,
    "counts": at.COUNT,
    "real vector": at.REAL,
    "simplex": replace(at.OPEN_UNIT, simplex=True),
    "log simplex": at.NONPOSITIVE,
    "positive definite": at.REAL,
    "correlation cholesky": at.SIGNED_UNIT,
    "declared": at.ANYTHING,
    "declared discrete": at.ANYTHING,
}
"""Where samples lie whatever the parameters are; no sample hits an end that is open."""


def lies_in(family: Family, made: Construct, ranges: Mapping[str, Range]) -> Range:
    """Where a sample lies, from where the parameters do."""
    if family.parts:
        return _of_parts(lies_in, family, made, ranges)
    found = replace(SUPPORTS[family.support], inside=family.inside)
    if family.ends is not None:
        found = family.ends(ranges)
    match family.support:
        case "index":
            classes = next(iter(dict(made.parameters).values())).type.shape[-1].value
            return at.up_to(classes)
        case "bounded count" | "counts":
            return replace(found, high=_most(family, ranges))
        case _:
            return found


def _of_parts(
    of_one: Callable[[Family, Construct, Mapping[str, Range]], Range],
    family: Family,
    made: Construct,
    ranges: Mapping[str, Range],
) -> Range:
    """What ``of_one`` says of the distribution that gives the values, and of what becomes of it."""
    part = family.parts[-1]
    found = of_one(part.family, part_of(made, part), part.own(ranges))
    return found if family.image is None else family.image(found, ranges)


def part_of(made: Construct, part: Part) -> Construct:
    """A part of a distribution, with its parameters; it has the type of the whole."""
    own = part.own(dict(made.parameters))
    name = part.family.name
    return replace(
        made, family=name, parameters=tuple(own.items()), type=replace(made.type, family=name)
    )


def _most(family: Family, ranges: Mapping[str, Range]) -> float:
    """The largest count: all that are counted."""
    if "total_count" in ranges:
        return ranges["total_count"].high
    default = family.parameter("total_count").default
    return math.inf if default is None else float(default)


def reaches(outer: Range, inner: Range) -> bool:
    """Whether a distribution on ``outer`` draws, or has a density, wherever one on ``inner`` does.

    What is not known of either is not held against them.
    """
    return not (outer.known and inner.known) or inner.within(closed(outer))


def closed(found: Range) -> Range:
    """The same with its ends."""
    return replace(found, low_open=False, high_open=False)


def density(family: Family, made: Construct, ranges: Mapping[str, Range]) -> Range:
    """Values of which the formula of the density holds; beyond it ends, or says so itself."""
    if family.parts:
        return _of_parts(density, family, made, ranges)
    match family.support:
        case "positive":
            return at.POSITIVE
        case "nonnegative" | "count":
            return at.NONNEGATIVE
        case "unit interval" if family.name != "ContinuousBernoulli":
            return at.OPEN_UNIT
        case "unit interval" | "boolean":
            return at.UNIT
        case "bounded count":
            return Range(0.0, ranges["total_count"].low if "total_count" in ranges else 1.0)
        case "index":
            return replace(lies_in(family, made, ranges), whole=False)
        case "simplex" | "one-hot":
            return at.SIMPLEX
        case "counts":
            return lies_in(family, made, ranges)
        case "bounded" if family.name == "Pareto":
            return Range(max(ranges["scale"].high, 0.0))
        case "bounded" if family.name == "TruncatedNormal":
            return _surely(ranges["low"], ranges["high"])
        case _:
            return at.REAL


def _surely(low: Range, high: Range) -> Range:
    """What lies between two ends wherever these are; nothing where they may cross."""
    return Range(low.high, high.low) if low.high < high.low else Range(math.inf, math.inf)


def covers(domain: Range, found: Range) -> bool:
    """Whether values that lie in ``found`` never leave the ``domain`` of a density."""
    return found.simplex if domain.simplex else found.stays_within(domain)
