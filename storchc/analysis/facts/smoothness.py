"""How every expression moves with its operands where these lie: where it jumps or bends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from storchc.analysis.facts.densities import (
    density_kind,
    divergence_kind,
    divided_by,
    interval,
    scales,
)
from storchc.analysis.facts.edges import edges
from storchc.analysis.facts.numbers import named, said
from storchc.analysis.facts.ranges import Ranges
from storchc.analysis.facts.vanishing import Lengths, Movers
from storchc.catalogue import distributions, functions
from storchc.catalogue.function import Smoothness
from storchc.catalogue.functions.along import FILLING
from storchc.ir.defaults import Layer, layers
from storchc.ir.expression import (
    Apply,
    CallUser,
    Distribution,
    Divergence,
    Entropy,
    Literal,
    LogProb,
    Property,
    Reference,
    Value,
)
from storchc.ir.graph import Graph
from storchc.ir.nodes import Callee
from storchc.ir.ranges import NONNEGATIVE, REAL, SIGNED_UNIT, Range
from storchc.ir.walk import children, walk
from storchc.records import dataclass

CONTINUOUS = "continuous"
"""The function by which a story says that a value does not jump."""

SMOOTH: Smoothness = "smooth"
BROKEN = frozenset({"jump", "pole"})


@dataclass(frozen=True, slots=True)
class Operand:
    """One that may go through 0, by its expression and its position there.

    ``scale``: inside of a parameter of a distribution, not of a quotient.
    """

    of: Apply
    position: int
    scale: bool = False

    @property
    def value(self) -> Value:
        """What may go through 0."""
        return self.of.operands[self.position]


@dataclass(frozen=True, slots=True)
class Uneven:
    """What is not smooth: by the identity of an expression, how it moves with each operand.

    ``hidden``: whether some jump hands a gradient on all the same, as the pole of a quotient does.
    ``unsure`` are the operands of which nobody knows whether they go through 0, or their two
    elements through each other, by the identity of what has a pole there, be it the distribution
    of a sample, whose score has one. ``placed``: what moves
    the place where a length vanishes, if it does, by the identity of what has a pole there.
    ``collapsing``: what moves the place where a scale of a sample is 0, if it does, by the identity
    of the distribution: its score has a pole there.
    """

    graph: Graph
    kinds: Mapping[int, tuple[Smoothness, ...]]
    hidden: bool
    unsure: Mapping[int, Operand]
    placed: Mapping[int, Movers]
    collapsing: Mapping[int, Movers]

    def kind(self, value: Value | Distribution, position: int) -> Smoothness:
        """How an expression moves as the operand at a position does."""
        kinds = self.kinds.get(id(value))
        return SMOOTH if kinds is None else kinds[position]


def uneven(graph: Graph, ranges: Ranges) -> Uneven:
    """What is not smooth in a story."""
    found: dict[int, tuple[Smoothness, ...]] = {}
    unsure: dict[int, Operand] = {}
    hidden = False
    placed: dict[int, Movers] = {}
    lengths = Lengths(graph, ranges)
    squared = _squared(graph, ranges)
    for part in graph.parts:
        kinds, vanishing = _kinds(graph, ranges, part), _vanishing(graph, lengths, ranges, part)
        if vanishing is not None:
            found_at, movers = vanishing
            kinds = tuple(_settled(k, i in found_at, movers) for i, k in enumerate(kinds))
            placed[id(part)] = movers
        if id(part) in squared and kinds == ("corner",):
            kinds = ("bend",)
        operand = _unsure(lengths, ranges, part, kinds, vanishing)
        if operand is not None:
            unsure[id(part)] = operand
        if kinds.count(SMOOTH) == len(kinds):
            continue
        found[id(part)] = kinds
        if not hidden and not BROKEN.isdisjoint(kinds):
            pairs = zip(kinds, edges(part, graph.callees), strict=True)
            hidden = any(kind in BROKEN and edge.flow == "smooth" for kind, edge in pairs)
    for node in graph.samples:
        turning = _turning_scale(graph, ranges, scales(graph, node.distribution))
        if turning is not None:
            unsure[id(node.distribution)] = turning
    return Uneven(graph, found, hidden, unsure, placed, _scaled(graph, lengths, ranges))


def _scaled(graph: Graph, lengths: Lengths, ranges: Ranges) -> Mapping[int, Movers]:
    """What moves the place where a scale of a sample is 0, by the identity of its distribution."""
    drawn = [node.distribution for node in graph.samples]
    found = {id(d): _at_zero(graph, lengths, ranges, scales(graph, d)) for d in drawn}
    return {key: movers for key, movers in found.items() if movers}


def _vanishing(
    graph: Graph, lengths: Lengths, ranges: Ranges, value: Value | Distribution
) -> tuple[tuple[int, ...], Movers] | None:
    """At which operands a value divides by a length, if it does, and what moves where that is 0."""
    if isinstance(value, LogProb | Divergence | Entropy):
        return _collapsing(graph, lengths, ranges, value)
    if not isinstance(value, Apply):
        return None
    found, places = lengths.brought_to_one(value), tuple(range(len(value.operands)))
    if found is None:
        bare = tuple(_unfilled(ranges, operand) for operand in value.operands)
        lie = tuple(ranges.places[operand] for operand in bare)
        closed = tuple(replace(lies, low_open=lies.low_open and lies.low != 0) for lies in lie)
        kinds = functions.row(value.function).smoothness(value, closed)
        places = tuple(i for i, lies in enumerate(closed) if lies.low == 0 and kinds[i] == "pole")
        found = lengths.divided_by(bare[places[0]]) if len(places) == 1 else None
    return None if found is None else (places, found)


def _collapsing(
    graph: Graph,
    lengths: Lengths,
    ranges: Ranges,
    value: LogProb | Divergence | Entropy,
) -> tuple[tuple[int, ...], Movers] | None:
    """At which distributions a density has no finite one where a parameter is 0, and which are."""
    found: dict[int, Movers] = {}
    pairs = zip(_distributions(value), divided_by(graph, value), strict=True)
    for i, (distribution, parameters) in enumerate(pairs):
        ends = interval(graph, distribution)
        movers = _at_zero(graph, lengths, ranges, parameters)
        movers += () if ends is None else lengths.width(*ends)
        if movers:
            found[i] = movers
    return (tuple(found), tuple(m for movers in found.values() for m in movers)) if found else None


def _distributions(
    value: LogProb | Divergence | Entropy,
) -> tuple[Distribution, ...]:
    if isinstance(value, Divergence):
        return value.left, value.right
    return (value.distribution,)


def _at_zero(
    graph: Graph, lengths: Lengths, ranges: Ranges, parameters: tuple[Value, ...]
) -> Movers:
    """What moves the places where one of some parameters is 0."""
    movers: list[Value | Distribution] = []
    for parameter in parameters:
        bare = _unfilled(ranges, parameter)
        length = lengths.divided_by(bare)
        if length is not None:
            movers += length
        elif _sure(graph, ranges, "pole", bare, ranges.places[bare]) == "pole":
            movers.append(parameter)
    return tuple(movers)


def _settled(kind: Smoothness, divides: bool, movers: Movers) -> Smoothness:
    if divides and movers:
        return "pole"
    return SMOOTH if divides and kind == "pole" else kind


_ZERO_AT_CORNERS = frozenset({"relu", "abs"})


def _squared(graph: Graph, ranges: Ranges) -> frozenset[int]:
    """The corners at 0 of which only squares are used, by their identity."""
    read = Counter(part.name for part in graph.parts if isinstance(part, Reference))
    squares: Counter[str] = Counter()
    found: set[int] = set()
    for base in (base for part in graph.parts for base in _bases(ranges, part)):
        if isinstance(base, Reference):
            squares[base.name] += 1
            made = named(graph, base)
            base = made if made is not None and squares[base.name] == read[base.name] else base
        if isinstance(base, Apply) and base.function in _ZERO_AT_CORNERS:
            found.add(id(base))
    return frozenset(found)


def _bases(ranges: Ranges, value: Value | Distribution) -> tuple[Value, ...]:
    """What a value squares, as often as it stands there."""
    match value:
        case Apply("square", (base,)):
            return (base,)
        case Apply("power" | "pow", (base, exponent)) if ranges.places[exponent].low >= 2:
            return (base,)
        case Apply("multiply", (Reference(a), Reference(b)) as both) if a == b:
            return both
        case Apply("multiply", (Apply(a), Apply(b)) as both) if a == b and a in _ZERO_AT_CORNERS:
            return both if said(both[0]) == said(both[1]) else ()
    return ()


_SIGNS = frozenset({"normalize", "rms_norm", "cosine_similarity"})
"""What is a sign where there is one element of it."""

_DENOMINATORS: Mapping[str, int] = {
    "divide": 1,
    **dict.fromkeys(("reciprocal", "rsqrt", "power", "pow"), 0),
    **dict.fromkeys(("normalize", "rms_norm", "layer_norm"), 0),
}


def _unsure(
    lengths: Lengths,
    ranges: Ranges,
    value: Value | Distribution,
    kinds: tuple[Smoothness, ...],
    vanishing: tuple[tuple[int, ...], Movers] | None,
) -> Operand | None:
    """What to look at, where a value divides by what may go through 0 for all that is known."""
    if isinstance(value, LogProb | Divergence | Entropy) and vanishing is None:
        parameters = tuple(v for of in divided_by(lengths.graph, value) for v in of)
        return _turning_scale(lengths.graph, ranges, parameters)
    if not isinstance(value, Apply):
        return None
    sign = value.function in _SIGNS
    lengths_at = () if vanishing is None or sign else vanishing[0]
    at = next(iter(lengths_at), _DENOMINATORS.get(value.function))
    if at is None or kinds[at] != SMOOTH:
        return None
    bare = _unfilled(ranges, value.operands[at])
    spread = lengths.spread_of_two(value if sign or value.function == "layer_norm" else bare)
    if spread is not None:
        lies = ranges.places[spread.operands[0]]
        known = lies.known and not lies.supposed
        return None if known or not _may_vanish(ranges, value, at, bare) else Operand(spread, 0)
    if lengths_at or not _may_vanish(ranges, value, at, bare):
        return None
    return _turning(lengths.graph, ranges, bare, _NAMES) or Operand(value, at)


def _turning_scale(graph: Graph, ranges: Ranges, parameters: tuple[Value, ...]) -> Operand | None:
    """What may change its sign inside of one of some scales, which are not negative themselves."""
    found = (_turning(graph, ranges, parameter, _NAMES) for parameter in parameters)
    return next((replace(operand, scale=True) for operand in found if operand is not None), None)


def _turning(graph: Graph, ranges: Ranges, value: Value, names: int) -> Operand | None:
    """What may change its sign inside of a denominator that does not, as in ``1 / abs(net(z))``."""
    match value:
        case Apply("abs" | "square", (inner,)):
            return Operand(value, 0) if _of_either_sign(ranges, inner) else None
        case Apply("power" | "pow", (inner, Literal(number))) if number > 0 and number % 2 == 0:
            return Operand(value, 0) if _of_either_sign(ranges, inner) else None
        case Apply("sqrt" | "negative", (inner,)):
            return _turning(graph, ranges, inner, names)
        case Apply("multiply", (inner, Literal()) | (Literal(), inner)):
            return _turning(graph, ranges, inner, names)
        case Apply("divide", (inner, Literal())):
            return _turning(graph, ranges, inner, names)
    bare = _unfilled(ranges, value)
    if bare is not value:
        return _turning(graph, ranges, bare, names)
    made = named(graph, value) if names else None
    return None if made is None else _turning(graph, ranges, made, names - 1)


def _of_either_sign(ranges: Ranges, value: Value) -> bool:
    lies = ranges.places[value]
    return lies.low < 0 < lies.high and lies.has_zero


def _may_vanish(ranges: Ranges, value: Apply, position: int, bare: Value | None = None) -> bool:
    """Whether a denominator, or what is ``bare`` of it, may go through 0 for all that is known."""
    lie = [ranges.places[operand] for operand in value.operands]
    if bare is not None:
        lie[position] = ranges.places[bare]
    return functions.row(value.function).smoothness(value, tuple(lie))[position] == "pole"


def _kinds(graph: Graph, ranges: Ranges, value: Value | Distribution) -> tuple[Smoothness, ...]:
    match value:
        case Apply("isfinite" | "isnan" | "isinf", (operand,)):
            return ("jump" if _leaves(graph, ranges, operand) else SMOOTH,)
        case Apply(function, operands):
            bare = tuple(_unfilled(ranges, operand) for operand in operands)
            lie = tuple(ranges.places[operand] for operand in bare)
            kinds = functions.row(function).smoothness(value, lie)
            if "pole" not in kinds:
                return kinds
            return tuple(_sure(graph, ranges, *each) for each in zip(kinds, bare, lie, strict=True))
        case LogProb():
            kind = density_kind(graph, ranges, value)
            return kind, kind
        case Divergence():
            kind = divergence_kind(graph, ranges, value)
            return kind, kind
        case Entropy():
            return (SMOOTH,)
        case Property(distribution, "mode"):
            return ("jump" if distributions.row(distribution.type).discrete else SMOOTH,)
        case CallUser(callee):
            kind = _layers(graph.callees[callee])
            return (kind,) * (0 if kind == SMOOTH else len(children(value)))
    return ()


def _unfilled(ranges: Ranges, value: Value) -> Value:
    """A value without a small number that is added to it, below a root too: it fills no pole."""
    match value:
        case Apply("add", (inner, Literal(number)) | (Literal(number), inner)):
            tiny = 0 < number < FILLING
        case Apply("clamp" | "maximum", (inner, Literal(number), *_)):
            tiny = 0 < number < FILLING
        case Apply("sqrt", (inner,)):
            bare = _unfilled(ranges, inner)
            return value if bare is inner else bare
        case _:
            return value
    return inner if tiny and ranges.places[inner].low <= 0 else value


def _sure(
    graph: Graph, ranges: Ranges, kind: Smoothness, operand: Value, lies: Range
) -> Smoothness:
    """A pole is one where it is known that the operand does go there."""
    if kind != "pole" or (lies.known and not lies.supposed):
        return kind if lies.has_zero else SMOOTH
    return kind if lies.has_zero and _vanishes(graph, ranges, operand, _NAMES) else SMOOTH


_NAMES = 8  # how many names deep a story is read
_THROUGH_ZERO = frozenset(
    (
        *("negative", "positive", "abs", "tanh", "sin", "sinh", "asinh", "atan", "erf"),
        *("square", "sqrt", "tan", "continuous"),
    )
)


def _vanishes(graph: Graph, ranges: Ranges, value: Value, names: int) -> bool:
    """Whether it is known that a value goes to 0, whatever unknown numbers it is multiplied by."""
    lies = ranges.places[value]
    if lies.known and not lies.supposed:
        return lies.has_zero and lies.number is None
    match value:
        case Apply("multiply", operands):
            return any(_vanishes(graph, ranges, operand, names) for operand in operands)
        case Apply("divide", (numerator, _)):
            return _vanishes(graph, ranges, numerator, names)
        case Apply(function, (operand,)) if function in _THROUGH_ZERO:
            return _vanishes(graph, ranges, operand, names)
        case Reference() if names:
            made = named(graph, value)
            return made is not None and _vanishes(graph, ranges, made, names - 1)
    return False


_DOMAINS: Mapping[str, Range] = {
    "sqrt": NONNEGATIVE,
    **dict.fromkeys(("asin", "acos"), SIGNED_UNIT),
    "acosh": Range(1.0),
}
"""Where functions are defined that have no pole at the end of that."""


def _leaves(graph: Graph, ranges: Ranges, value: Value) -> bool:
    """Whether a value is known to be made of one outside of where a function is defined."""
    for part in made_of(graph, value):
        if not isinstance(part, Apply) or not part.operands:
            continue
        lies = ranges.places[part.operands[0]]
        domain = _DOMAINS.get(part.function, _base(ranges, part))
        if lies.known and not lies.supposed and not lies.within(domain):
            return True
    return False


def made_of(graph: Graph, value: Value) -> Iterator[Value | Distribution]:
    """All that a value is made of, through names, some of them deep."""
    seen: set[str] = set()
    level: list[Value] = [value]
    for _ in range(_NAMES + 1):
        parts = [part for one in level for part in walk(one)]
        yield from parts
        read = {p.name: p for p in parts if isinstance(p, Reference) and p.name not in seen}
        seen |= read.keys()
        level = [made for made in (named(graph, name) for name in read.values()) if made]


def _base(ranges: Ranges, value: Apply) -> Range:
    """Where the first operand may lie: powers that are not whole have no negative base."""
    if value.function not in ("power", "pow"):
        return REAL
    exponent = ranges.places[value.operands[1]]
    return REAL if exponent.whole else NONNEGATIVE


# --- layers of modules ---------------------------------------------------------------------------

_LAYERS: Mapping[str, Smoothness] = {
    **dict.fromkeys(("Hardshrink", "Threshold"), "jump"),
    **dict.fromkeys(
        (
            *("ReLU", "ReLU6", "LeakyReLU", "PReLU", "RReLU", "Hardtanh", "Hardsigmoid"),
            *("Hardswish", "Softshrink", "SELU", "MaxPool1d", "MaxPool2d", "MaxPool3d"),
            *("AdaptiveMaxPool1d", "AdaptiveMaxPool2d", "AdaptiveMaxPool3d"),
        ),
        "corner",
    ),
    **dict.fromkeys(("ELU", "CELU", "Softsign"), "bend"),
}
_WORST: tuple[Smoothness, ...] = ("jump", "corner", "bend")


def _layers(callee: Callee) -> Smoothness:
    """The worst that the layers of a module do, as far as the story makes it."""
    if callee.default is None:
        return SMOOTH
    found = {_layer(layer) for layer in layers(callee.default)}
    return next((kind for kind in _WORST if kind in found), SMOOTH)


def _layer(layer: Layer) -> Smoothness:
    if layer.name == "ELU" and (layer.arguments or layer.keywords):  # an alpha other than 1
        return "corner"
    return _LAYERS.get(layer.name, SMOOTH)


# --- what jumps leave behind ---------------------------------------------------------------------


def steps(value: Apply, position: int) -> bool:
    """Whether a value is constant in an operand but for where it jumps."""
    row = functions.row(value.function)
    if position == row.condition:
        return True
    return row.breaks(position)


_TOUCHING = frozenset(
    (
        *("equal", "not_equal", "count_nonzero", "any", "all"),
        *("logical_and", "logical_or", "logical_xor", "logical_not"),
    )
)


def touches(value: Apply) -> bool:
    """Whether a jump stands at one number only, so that it needs a value that takes it often."""
    return value.function in _TOUCHING


_ATOMS = frozenset(
    (
        *("relu", "relu6", "hardtanh", "hardsigmoid", "hardswish", "hardshrink", "softshrink"),
        *("threshold", "clamp", "maximum", "minimum", "fmax", "fmin", "max", "min", "where"),
        *("sort", "topk", "median", "quantile", "cummax", "cummin"),
        *("round", "floor", "ceil", "trunc", "sign", "copysign", "heaviside", "floor_divide"),
    )
)


def makes_atoms(value: Apply) -> bool:
    """Whether a value may take single numbers with positive probability, made of one that won't."""
    return value.function in _ATOMS
