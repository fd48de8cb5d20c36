"""Families that are made of other distributions.

What is made of which stands in the name, ``MixtureSameFamily(Categorical, Normal)``, and the entry
follows from the entries of the parts: `derived`. Its parameters are those of the parts, each with
the name of its part before it, so that nobody who asks for parameters need know of parts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from storchc.catalogue.distributions.parts import scalar
from storchc.catalogue.family import PROBABILITY, Arguments, Family, Parameter, Part, Property
from storchc.catalogue.supports import SUPPORTS
from storchc.catalogue.transforms import TRANSFORMS, Transform
from storchc.ir.ranges import REAL, Range, exactly
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

TRANSFORMED = Family(
    "TransformedDistribution",
    "A continuous distribution whose values are sent through transforms, one after another.",
    (Parameter(BASE), Parameter("transforms")),
    "real",
    (),
    scalar,
    entropy=False,
    remembered=True,
    composed=True,
    caution=f"transforms are {', '.join(TRANSFORMS)}, in a list, the first one first",
)

ZERO_INFLATED = Family(
    "ZeroInflated",
    "0 with the probability of a gate, else a draw of a distribution of numbers.",
    (
        Parameter("gate", bounds=PROBABILITY, silent=True),
        Parameter(BASE),
        Parameter("gate_logits"),
    ),
    "real",
    (Property("gate", "parameter"), Property("mean"), Property("stddev"), Property("variance")),
    scalar,
    choices=(("gate", "gate_logits"),),
    entropy=False,
    composed=True,
    caution="of a continuous distribution the log-density at 0 is that of the gate alone",
)

FAMILIES = (INDEPENDENT, MIXTURE, TRANSFORMED, ZERO_INFLATED)


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
        case "TransformedDistribution" if len(parts) == 2:
            return _transformed(name, _entry(parts[0], lookup), _split(parts[1][1:-1]))
        case "ZeroInflated" if len(parts) == 1:
            return _zero_inflated(name, _entry(parts[0], lookup))
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
        pathwise=component.name in CUMULATIVE,
        pathwise_order=1 if component.name in CUMULATIVE else None,
        replay="implicit" if component.name in CUMULATIVE else "none",
        finite=_counted(parts[-1]) if component.finite is not None and count == 0 else None,
        parts=parts,
        composed=False,
        caution="",
    )


CUMULATIVE = frozenset({"Cauchy", "Gumbel", "Laplace", "LogNormal", "Normal", "Weibull"})
"""Components whose share below a value is known, by which values of a mixture have a gradient."""


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


# --- transforms ----------------------------------------------------------------------------------


def listed(names: Sequence[str]) -> str:
    """A list of transforms as a part."""
    return f"[{', '.join(names)}]"


def of_transform(place: int, name: str) -> str:
    """The name of a parameter of a transform among those of the whole."""
    return f"transforms[{place}].{name}"


def _transformed(name: str, base: Family, names: Sequence[str]) -> Family:
    transforms = tuple(TRANSFORMS[each] for each in names)
    part = Part(BASE, base)
    own = 1 if base.support == "real vector" else 0
    return replace(
        TRANSFORMED,
        name=name,
        parameters=(*_of_transforms(base, transforms, own), *part.flat()),
        support="real vector" if own else "real",
        pathwise=base.pathwise,
        pathwise_order=base.pathwise_order,
        replay=base.replay,
        inverse=base.inverse,
        inside=transforms[-1].inside,
        entropy=base.entropy and all(t.name == "AffineTransform" for t in transforms),
        divergences=_divergences(base, transforms, names),
        parts=(part,),
        transforms=tuple(names),
        image=_image(transforms),
        composed=False,
        caution="",
    )


def _divergences(
    base: Family, transforms: Sequence[Transform], names: Sequence[str]
) -> frozenset[str]:
    """To others that are sent through the same transforms: that of what is sent."""
    if any(t.parameters for t in transforms):
        return frozenset()
    others = (named("TransformedDistribution", other, listed(names)) for other in base.divergences)
    return frozenset(others)


def _of_transforms(base: Family, transforms: Sequence[Transform], own: int) -> list[Parameter]:
    """The parameters of transforms, and which of them move a support where a density is not 0."""
    found, given, fades = [], _extent(base), _fades(base, transforms)
    for place, transform in enumerate(transforms):
        moves = transform.moves(given) and not fades
        for parameter in transform.parameters:
            key = of_transform(place, parameter.name)
            found.append(replace(parameter, name=key, rank=own, moves_support=moves))
        given = transform.image(given, {p.name: REAL for p in transform.parameters})
        if moves:
            given = _SOMEWHERE
    return found


_SOMEWHERE = Range(0.25, 0.75)
"""Some interval, which no transform leaves in its place by itself."""


def _extent(family: Family) -> Range:
    """Where samples lie as far as the family tells."""
    if family.transforms:
        return _SOMEWHERE
    if family.parts:
        return _extent(family.parts[-1].family)
    return _SOMEWHERE if family.support == "bounded" else SUPPORTS[family.support]


def _fades(base: Family, transforms: Sequence[Transform]) -> bool:
    """Whether the density is 0 at each end of the support: the tails of a normal variable are."""
    bends = sum(t.name != "AffineTransform" for t in transforms)
    allowed = {"Normal": 1, "MultivariateNormal": 1, "LowRankMultivariateNormal": 1, "LogNormal": 0}
    return bends <= allowed.get(base.name, -1)


def _image(transforms: Sequence[Transform]) -> Callable[[Range, Mapping[str, Range]], Range]:
    def image(given: Range, ranges: Mapping[str, Range]) -> Range:
        for place, transform in enumerate(transforms):
            own = {p.name: ranges[of_transform(place, p.name)] for p in transform.parameters}
            given = transform.image(given, own)
        return replace(given, inside=transforms[-1].inside)

    return image


# --- zeros ---------------------------------------------------------------------------------------


def _zero_inflated(name: str, base: Family) -> Family:
    part = Part(BASE, base)
    moments = _moments(base)
    return replace(
        ZERO_INFLATED,
        name=name,
        parameters=(*ZERO_INFLATED.parameters[::2], *part.flat()),
        support=base.support,
        properties=(ZERO_INFLATED.properties[0], *moments),
        finite=None if base.finite is None else _counted(part),
        parts=(part,),
        image=lambda lies, ranges: exactly(0).joined(lies),
        mixed=not base.discrete,
        composed=False,
        caution="",
    )
