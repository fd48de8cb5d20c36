"""Families that are made of other distributions.

What is made of which stands in the name, ``MixtureSameFamily(Categorical, Normal)``, and the entry
follows from the entries of the parts: `derived`. Its parameters are those of the parts, each with
the name of its part before it, so that nobody who asks for parameters need know of parts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from storchc.catalogue.distributions.parts import scalar
from storchc.catalogue.family import Arguments, Family, Parameter, Part, Property
from storchc.ir.size import Size

MIXING, COMPONENT, BASE = "mixture_distribution", "component_distribution", "base_distribution"

MIXTURE = Family(
    "MixtureSameFamily",
    "One of several distributions of a family, chosen by a Categorical.",
    (Parameter(MIXING), Parameter(COMPONENT)),
    "real",
    (Property("mean"), Property("stddev"), Property("variance")),
    scalar,
    entropy=False,
    composed=True,
    caution="it mixes along the last batch dimension of the components",
)

INDEPENDENT = Family(
    "Independent",
    "A distribution whose last batch dimensions are one event.",
    (Parameter(BASE), Parameter("reinterpreted_batch_ndims")),
    "real",
    (),
    scalar,
    composed=True,
    caution="samples and their log-probabilities are those of the distribution that it is given",
)

FAMILIES = (INDEPENDENT, MIXTURE)


# --- names ---------------------------------------------------------------------------------------


def named(head: str, *parts: str) -> str:
    """The name of a family that is made of parts."""
    return f"{head}({', '.join(parts)})"


def joined(name: str, count: int) -> str:
    """A part of which ``count`` dimensions are joined."""
    return named("Independent", name, str(count)) if count else name


def derived(name: str, lookup: Callable[[str], Family | None]) -> Family | None:
    """The entry of a family by the name that says its parts; None where there is no such."""
    head, _, rest = name.partition("(")
    if not rest.endswith(")"):
        return None
    parts = _split(rest[:-1])
    match head:
        case "MixtureSameFamily" if len(parts) == 2:
            return _mixture(name, _entry(parts[0], lookup), *_joined(parts[1], lookup))
        case _:
            return None


def _split(text: str) -> list[str]:
    """The parts between commas that stand in no bracket."""
    found, depth = [""], 0
    for letter in text:
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            found.append("")
        else:
            found[-1] += letter
    return [part.strip() for part in found]


def _entry(name: str, lookup: Callable[[str], Family | None]) -> Family:
    family = lookup(name)
    assert family is not None, name
    return family


def _joined(name: str, lookup: Callable[[str], Family | None]) -> tuple[Family, int]:
    """A part, and how many of its dimensions are joined."""
    if not name.startswith("Independent("):
        return _entry(name, lookup), 0
    inner, count = _split(name.removeprefix("Independent(")[:-1])
    return _entry(inner, lookup), int(count)


# --- mixtures ------------------------------------------------------------------------------------


def _mixture(name: str, mixing: Family, component: Family, count: int) -> Family:
    parts = (
        Part(MIXING, mixing, event=0),
        Part(COMPONENT, component, outer=1 + count, event=count),
    )
    return replace(
        MIXTURE,
        name=name,
        parameters=tuple(p for part in parts for p in part.flat()),
        support=component.support,
        properties=_moments(component),
        dtype=component.dtype,
        inside=component.inside,
        finite=_counted(parts[-1]) if component.finite is not None and count == 0 else None,
        parts=parts,
        composed=False,
        caution="",
    )


def _moments(component: Family) -> tuple[Property, ...]:
    """Of a mixture, where its components have them."""
    known = {p.name for p in component.properties if p.shape == "sample"}
    if component.dtype != "float" or not {"mean", "variance"} <= known:
        return ()
    return MIXTURE.properties


def _counted(part: Part) -> Callable[[Arguments], Size | None]:
    """The number of outcomes of a part."""
    finite = part.family.finite
    assert finite is not None
    return lambda arguments: finite(part.own(arguments))
