"""The form of an entry in the catalogue of distributions: one entry, all that storchc knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal, TypeVar

from storchc.catalogue.function import Misfit
from storchc.ir.ranges import Range
from storchc.ir.size import Shape, Size
from storchc.ir.types import DistributionType, Dtype, ValueType, united, write_shape
from storchc.records import dataclass

Support = Literal[
    "real",
    "positive",
    "nonnegative",
    "unit interval",
    "bounded",  # an interval given by parameters
    "circle",
    "boolean",  # 0 or 1, as floats
    "index",  # 0 .. C-1, as integers
    "one-hot",
    "count",  # 0, 1, 2, ...
    "bounded count",  # 0 .. n
    "counts",  # a vector of counts with a given sum
    "real vector",
    "simplex",
    "log simplex",  # logarithms of a vector of probabilities
    "positive definite",
    "correlation cholesky",
    "declared",  # anything: one of the user's
    "declared discrete",
]

_DISCRETE = frozenset(
    {"boolean", "index", "one-hot", "count", "bounded count", "counts", "declared discrete"}
)

PropertyShape = Literal[
    "sample",  # as the sample
    "parameter",  # as the parameters of the same rank, broadcast
    "matrix",  # as the sample, its last dimension twice
]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the numbers of a parameter must be; ``open`` leaves ``least`` itself out.

    ``whole``: a number that is known now is an integer. ``nonzero``: 0 is left out.
    """

    words: str
    least: float
    most: float = float("inf")
    open: bool = False
    whole: bool = False
    nonzero: bool = False

    def hold(self, number: float) -> bool:
        """Whether ``number`` lies within."""
        left_out = (self.open and number == self.least) or (self.nonzero and number == 0)
        return self.least <= number <= self.most and not left_out


POSITIVE = Bounds("positive", 0.0, open=True)
NONNEGATIVE = Bounds("0 or more", 0.0)
COUNT = Bounds("0 or more", 0.0, whole=True)
INTEGER = Bounds("an integer", float("-inf"), whole=True)
NONZERO = Bounds("other than 0", float("-inf"), nonzero=True)
PROBABILITY = Bounds("between 0 and 1", 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter, in torch's name and order.

    ``rank`` counts the dimensions of its own event part, on the right: 1 for ``logits`` of
    classes, 2 for a matrix; ``padded`` parameters may have fewer. ``constant``: an integer known
    when the story is compiled, and at least 1. ``moves_support``: the support depends on it, so
    that a score function is blind to part of its gradient. ``silent``: where it lies outside of its
    ``bounds`` draws stay numbers, and what is learned from them is wrong without a word.
    ``cornered``: the log-density has a corner where the value is this parameter.
    """

    name: str
    rank: int = 0
    default: float | int | None = None
    constant: bool = False
    padded: bool = False
    moves_support: bool = False
    bounds: Bounds | None = None
    silent: bool = False
    cornered: bool = False


@dataclass(frozen=True, slots=True)
class Property:
    """An attribute such as ``q.mean``: its shape and dtype; plates are the distribution's."""

    name: str
    shape: PropertyShape = "sample"
    dtype: Dtype = "float"


@dataclass(frozen=True, slots=True)
class Argument:
    """What is known of one parameter: its type, and its value where that is a number known now."""

    type: ValueType
    number: int | float | bool | None = None


Arguments = Mapping[str, Argument]


@dataclass(frozen=True, slots=True)
class Part:
    """A distribution that those of another family are made of; its parameters are ``name.loc``.

    ``outer``: the dimensions that it has between the batch event of the whole and its own: the
    components of a mixture, and what is joined in each. ``event``: how many of these one value has;
    None: those of the batch event, as the whole.
    """

    name: str
    family: Family
    outer: int = 0
    event: int | None = None

    def flat(self) -> tuple[Parameter, ...]:
        """Its parameters among those of the whole."""
        return tuple(
            replace(p, name=f"{self.name}.{p.name}", rank=p.rank + self.outer, default=None)
            for p in self.family.parameters
        )

    def own(self, values: Mapping[str, T]) -> dict[str, T]:
        """What belongs to it, by the names that it has itself."""
        start = f"{self.name}."
        return {n.removeprefix(start): v for n, v in values.items() if n.startswith(start)}


@dataclass(frozen=True, slots=True)
class Family:
    """A family of distributions.

    ``choices``: of each group of parameters exactly one is given. ``event``: the family's own
    event shape. ``finite``: the number of outcomes of one batch element (None: known at run time
    only); no function where the support cannot be listed. ``pathwise``: samples carry a gradient,
    right up to ``pathwise_order`` (None: any). ``replay``: how the gradient of a given sample is
    re-attached: by its noise, implicitly (first order), or not at all. ``inverse``: samples are
    drawn through uniform variables where these are given. ``ends``: where samples lie, by where the
    parameters do, if that is not known of the support alone; ``inside``: samples never round onto
    an end of it; ``remembered``: they know what they were made of, where floats tell too little;
    ``logarithm``: that tells their logarithms.
    ``divergences``: to which
    families ``kl_divergence`` has a closed form that can be finite. ``caution``: what a user
    should know before using it. ``parts``: the distributions that it is made of, the last of which
    gives the values; ``image``: where its values lie, from where those do, if not there;
    ``transforms``: by which they become its own. ``mixed``: it has an atom and a
    density. ``point``: it has an atom alone. ``composed``: stands for all that are made of
    other distributions by this name, which `composed.py` derives.
    """

    name: str
    summary: str
    parameters: tuple[Parameter, ...]
    support: Support
    properties: tuple[Property, ...]
    event: Callable[[Arguments], Shape]
    dtype: Dtype = "float"
    choices: tuple[tuple[str, ...], ...] = ()
    pathwise: bool = False
    pathwise_order: int | None = None
    replay: Literal["noise", "implicit", "none"] = "none"
    inverse: bool = False
    ends: Callable[[Mapping[str, Range]], Range] | None = None
    inside: bool = False
    remembered: bool = False
    logarithm: bool = False
    finite: Callable[[Arguments], Size | None] | None = None
    entropy: bool = True
    divergences: frozenset[str] = frozenset()
    reference: str = ""
    caution: str = ""
    parts: tuple[Part, ...] = ()
    transforms: tuple[str, ...] = ()
    image: Callable[[Range, Mapping[str, Range]], Range] | None = None
    mixed: bool = False
    point: bool = False
    composed: bool = False

    @property
    def head(self) -> str:
        """Its name without what it is made of."""
        return self.name.partition("(")[0]

    @property
    def discrete(self) -> bool:
        """Whether its values lie apart from one another."""
        return self.support in _DISCRETE

    @property
    def biased_path(self) -> bool:
        """Whether its values carry a gradient that is biased: that of values between its own."""
        return self.pathwise and self.finite is not None

    def parameter(self, name: str) -> Parameter:
        """The parameter of this name."""
        return next(p for p in self.parameters if p.name == name)

    def property(self, name: str) -> Property | None:
        """The property of this name, if there is one."""
        return next((p for p in self.properties if p.name == name), None)


def bind(family: Family, positional: Sequence[T], keywords: Mapping[str, T]) -> dict[str, T]:
    """Arguments by parameter, in the family's order; raises Misfit.

    A Misfit's operand counts the positional arguments first, then the keywords in their order.
    """
    names = [p.name for p in family.parameters]
    if len(positional) > len(names):
        count = f"{len(names)} parameter{'s' * (len(names) != 1)}"
        raise Misfit(f"`{family.name}` takes {count} at most", _signature(family), len(names))
    given = dict(zip(names, positional, strict=False))
    for place, (name, value) in enumerate(keywords.items(), len(positional)):
        if name not in names:
            raise Misfit(f"`{family.name}` has no parameter `{name}`", _signature(family), place)
        if name in given:
            raise Misfit(f"`{name}` is given twice", "give it once", place)
        given[name] = value
    _require(family, given)
    return {name: given[name] for name in names if name in given}


def _require(family: Family, given: Mapping[str, object]) -> None:
    for group in family.choices:
        present = [name for name in group if name in given]
        if len(present) != 1:
            one = ", ".join(f"`{name}`" for name in group)
            raise Misfit(f"`{family.name}` takes exactly one of {one}", _signature(family))
    optional = {name for group in family.choices for name in group}
    optional |= {p.name for p in family.parameters if p.default is not None}
    for parameter in family.parameters:
        if parameter.name not in given and parameter.name not in optional:
            raise Misfit(f"`{family.name}` needs `{parameter.name}`", _signature(family))


def _signature(family: Family) -> str:
    written = [_written(family, p) for p in family.parameters]
    written.sort(key=lambda one: "=" in one)  # what has a name comes last, as in a call
    return f"it is `{family.name}({', '.join(written)})`"


def _written(family: Family, parameter: Parameter) -> str:
    if any(parameter.name in group for group in family.choices):
        return f"{parameter.name}=…"
    return parameter.name if parameter.default is None else f"{parameter.name}={parameter.default}"


def infer(family: Family, arguments: Arguments) -> DistributionType:
    """The type of the distribution made from these arguments (after ``bind``); raises Misfit."""
    batch: Shape = ()
    before = ""
    for place, (name, argument) in enumerate(arguments.items()):
        parameter = family.parameter(name)
        if parameter.constant:
            _check_constant(family, parameter, argument, place)
            continue
        _check_bounds(family, parameter, argument, place)
        shape = argument.type.shape
        if len(shape) < parameter.rank and not parameter.padded:
            raise _too_flat(parameter, shape, place)
        outer = shape[: max(len(shape) - parameter.rank, 0)]
        batch = _joined(batch, outer, f"{before} and `{name}` {write_shape(shape)}", place)
        before = (
            f"{before}, `{name}` {write_shape(shape)}"
            if before
            else f"`{name}` {write_shape(shape)}"
        )
    plates = united(argument.type.plates for argument in arguments.values())
    return DistributionType(family.name, plates, batch, family.event(arguments), family.dtype)


def _check_constant(family: Family, parameter: Parameter, argument: Argument, place: int) -> None:
    number = argument.number
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise Misfit(
            f"`{parameter.name}` of `{family.name}` must be an integer constant of at least 1",
            "write a number or a constant dim",
            place,
        )


def _check_bounds(family: Family, parameter: Parameter, argument: Argument, place: int) -> None:
    number, bounds = argument.number, parameter.bounds
    if bounds is not None and bounds.whole and number is not None and number != int(number):
        raise Misfit(
            f"`{parameter.name}` of `{family.name}` must be an integer, but it is {number}",
            "give an integer",
            place,
        )
    if bounds is not None and number is not None and not bounds.hold(number):
        raise Misfit(
            f"`{parameter.name}` of `{family.name}` must be {bounds.words}, but it is {number}",
            f"give a number that is {bounds.words}",
            place,
        )


def _too_flat(parameter: Parameter, shape: Shape, place: int) -> Misfit:
    parts = "a dimension for its classes or coordinates" if parameter.rank == 1 else "a matrix"
    return Misfit(
        f"`{parameter.name}` needs {parts}, but its event shape is {write_shape(shape)}",
        f"give it at least {parameter.rank} event dimension{'s' * (parameter.rank > 1)}",
        place,
    )


def _joined(a: Shape, b: Shape, words: str, place: int) -> Shape:
    joined = broadcast(a, b)
    if joined is None:
        raise Misfit(
            f"{words.removeprefix(' and ')} do not broadcast",
            "make the event shapes equal, or 1 where one value serves all",
            place,
        )
    return joined


def broadcast(a: Shape, b: Shape) -> Shape | None:
    """The shape that two event shapes broadcast to, right-aligned; only a literal 1 stretches."""
    if len(a) < len(b):
        a, b = b, a
    ends = a[len(a) - len(b) :]
    pairs = [(x, y) for x, y in zip(ends, b, strict=True)]
    if any(x != y and not (x.broadcasts or y.broadcasts) for x, y in pairs):
        return None
    return a[: len(a) - len(b)] + tuple(y if x.broadcasts else x for x, y in pairs)


def property_type(
    family: Family, type_: DistributionType, arguments: Arguments, name: str
) -> ValueType | None:
    """The type of ``q.name``, or None where there is no such property."""
    entry = family.property(name)
    if entry is None:
        return None
    own = type_.event
    match entry.shape:
        case "parameter":
            own = _own(family, arguments, _rank(family, name))
        case "matrix":
            own = (*type_.event, type_.event[-1])
        case "sample":
            pass
    return ValueType(type_.plates, type_.batch + own, entry.dtype)


def _rank(family: Family, name: str) -> int:
    return next((p.rank for p in family.parameters if p.name == name), 0)


def _own(family: Family, arguments: Arguments, rank: int) -> Shape:
    own: Shape = ()
    for name, argument in arguments.items():
        if family.parameter(name).rank == rank > 0:
            own = broadcast(own, argument.type.shape[-rank:]) or own
    return own
