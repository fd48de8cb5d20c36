"""No value jumps at a place that moves with what learns (LOSS.md §8)."""

from __future__ import annotations

from collections.abc import Callable

from storchc.analysis.estimation import Estimation
from storchc.analysis.facts.edges import edges
from storchc.analysis.facts.jumps import EVEN, Jump, is_pole
from storchc.analysis.facts.motion import Motion, Mover
from storchc.analysis.rules.paths import refused, weights_refused
from storchc.catalogue import distributions, functions
from storchc.diagnostics import jumps as words
from storchc.diagnostics.diagnostic import Label, Problems
from storchc.diagnostics.suggest import listed
from storchc.ir.expression import (
    Apply,
    CallUser,
    Construct,
    Distribution,
    Divergence,
    Entropy,
    LogProb,
    Named,
    OverPlates,
    Reference,
    Value,
)
from storchc.ir.walk import children
from storchc.source import Span


def run(known: Estimation, problems: Problems) -> None:
    """Refuse moved jumps; warn of what learns where no gradient comes back."""
    if known.jumps is EVEN:
        return
    samples = known.graph.samples
    broken = frozenset(node.name for node in samples if refused(known, node))
    weights = frozenset(node.name for node in samples if weights_refused(known, node))
    blamed = set()
    for jump in known.jumps.moved:
        mover = jump.motion.learns
        assert mover is not None
        blamed.add(mover.name)
        said = mover.sample in broken or (mover.kind == "weights" and mover.name in weights)
        if not said:
            _refuse(known, jump, mover, problems)
    for call, reach in known.alive:
        if isinstance(call, CallUser) and reach.alive:
            blamed |= _check_call(known, call, broken, problems)
    _check_params(known, blamed, problems)


# --- moved jumps ---------------------------------------------------------------------------------


def _refuse(known: Estimation, jump: Jump, mover: Mover, problems: Problems) -> None:
    learning = _leaf(known, jump, lambda motion: motion.learns == mover)
    moving = _leaf(known, jump, lambda motion: motion.continuous == jump.motion.continuous)
    labels = [Label(learning.span, _why(learning, mover))]
    if moving.span != learning.span:
        labels.append(Label(moving.span, f"continuous, by `{jump.motion.continuous}`"))
    problem = words.moved(
        _what(known, jump),
        jump.value.span,
        _named(mover),
        tuple(labels),
        _mends(known, jump, mover, learning),
    )
    problems.add(problem)


def _leaf(known: Estimation, jump: Jump, having: Callable[[Motion], bool]) -> Value | Distribution:
    """The innermost place in what jumps that moves in a certain way; the jump where it does so."""
    place, inner = jump.value, jump.operands
    while True:
        found = next((operand for operand in inner if having(known.motion[operand])), None)
        if found is None:
            return place
        place = found
        inner = tuple(e.operand for e in edges(place, known.graph.callees) if e.flow != "cut")


def _why(place: Value | Distribution, mover: Mover) -> str:
    """Why a place learns."""
    if isinstance(place, Reference) and place.name == mover.sample:
        return f"a pathwise sample, whose parameters move with {_named(mover)}"
    if isinstance(place, OverPlates) and mover.kind == "weights":
        return f"reduced with weights that learn, those of `{mover.name}`"
    if isinstance(place, Reference | CallUser) and _name_of(place) == mover.name:
        return f"{_named(mover)} learns"
    return f"moves with {_named(mover)}, which learns"


def _name_of(place: Reference | CallUser) -> str:
    return place.name if isinstance(place, Reference) else place.callee


def _named(mover: Mover) -> str:
    return f"the weights of `{mover.name}`" if mover.kind == "weights" else f"`{mover.name}`"


def _what(known: Estimation, jump: Jump) -> str:
    match jump.value:
        case Apply(function):
            row = functions.row(function)
            verb = "has a pole" if is_pole(jump, known.uneven) else "jumps"
            return f"`{row.symbol or row.name}` {verb}"
        case CallUser(callee):
            return f"a layer of `{callee}` jumps"
        case LogProb(distribution) | Entropy(distribution):
            does = "has a pole" if is_pole(jump, known.uneven) else "ends"
            return f"the density of `{distribution.type.family}` {does}"
        case Construct() | Named():
            return f"the score of `{jump.value.type.family}` has a pole"
        case Divergence(left) if is_pole(jump, known.uneven):
            return f"the divergence of `{left.type.family}` has a pole"
        case Divergence(left):
            return f"the divergence of `{left.type.family}` becomes infinite"
    return "the discrete `mode` jumps"


def _mends(
    known: Estimation, jump: Jump, mover: Mover, learning: Value | Distribution
) -> tuple[str, ...]:
    if isinstance(jump.value, CallUser):
        return ("use a layer that does not jump, such as `nn.Softshrink` or `nn.ReLU`",)
    source, continuous = known.graph.source, jump.motion.continuous
    cut = f"`stop_gradient({_short(source.cut(learning.span))})`"
    credited = _credited(known, learning)
    mends = [] if credited else [f"write {cut} if none is wanted"]
    if not isinstance(jump.value, Construct | Named):
        mends.append(_STAND_INS.get(_function(jump), "use a smooth stand-in"))
    if mover.sample:
        mends.insert(0, f"draw `{mover.sample}` with `ScoreFunction()`")
    elif not known.motion[learning].continuous:
        mends.insert(0, f"move `{mover.name}` into the distribution of `{continuous}`")
    if isinstance(jump.value, Construct | Named):
        mends[:0] = _drawn_pathwise(known, jump.value)
        mends.append("keep the scale away from 0, as `abs(…) + 0.1` does")
    elif jump.value.type.dtype != "bool":
        mends.append("`continuous(…)` says of a value that it does not jump")
    elif not any(s.condition.span.holds(jump.value.span) for s in known.typed.stops):
        condition = _short(source.cut(jump.value.span))
        mends.append(
            "where the sides of a choice agree as it changes, cut its condition: "
            f"`where(stop_gradient({condition}), …)`"
        )
    if credited:
        mends.append(f"{cut} takes the credit of {credited} along with the gradient")
    return tuple(mends)


def _drawn_pathwise(known: Estimation, distribution: Distribution) -> list[str]:
    """Another method for a sample, that has no score, where its family has a path."""
    family = distributions.row(distribution.type)
    names = [n.name for n in known.graph.samples if n.distribution is distribution]
    if family is None or not family.pathwise:
        return []
    return [f"draw `{name}` with `Reparameterization()`" for name in names]


def _credited(known: Estimation, value: Value | Distribution) -> str:
    """The samples with a score that a value depends on, in words: cut, they earn nothing."""
    reached = known.dependence.places[value]
    return listed(
        node.name
        for node in known.graph.samples
        if node.name in reached and known.estimators[node.name].carrier != "pathwise"
    )


_STAND_INS = {
    **dict.fromkeys(
        ("less", "less_equal", "greater", "greater_equal"),
        "use a smooth stand-in, such as `sigmoid`",
    ),
    **dict.fromkeys(("argmax", "argmin"), "use a smooth stand-in, such as `softmax`"),
}


def _function(jump: Jump) -> str:
    return jump.value.function if isinstance(jump.value, Apply) else ""


def _short(text: str) -> str:
    return text if len(text) <= 40 and "\n" not in text else "…"


# --- no gradient comes back ----------------------------------------------------------------------


def _check_call(
    known: Estimation, call: CallUser, broken: frozenset[str], problems: Problems
) -> set[str]:
    """Warn of what learns in the arguments of a `nondiff` function."""
    callee = known.graph.callees[call.callee]
    if "nondiff" not in callee.flags:
        return set()
    found = set()
    for argument in children(call):
        mover = known.motion[argument].learns
        if mover is None:
            continue
        found.add(mover.name)
        if mover.sample not in broken:
            written = _short(known.graph.source.cut(argument.span))
            named = _named(mover)
            credited = _credited(known, argument)
            problems.add(
                words.nondiff_learns(callee, call.span, named, argument.span, written, credited)
            )
            break
    return found


def _check_params(known: Estimation, blamed: set[str], problems: Problems) -> None:
    """Warn of params that a cost depends on and that cannot move."""
    for param in known.graph.params:
        reach = known.alive.names.get(param.name)
        if reach is not None and reach.alive and not reach.smooth and param.name not in blamed:
            problems.add(words.param_on_a_lattice(param, _ending(known, param.name)))


def _ending(known: Estimation, param: str) -> Span | None:
    """The first place where what a param does ends in a jump."""
    places = (
        edge.span
        for value, _ in known.alive
        for edge in edges(value, known.graph.callees)
        if edge.flow == "broken" and _by(known.motion[edge.operand], param)
    )
    return min(places, default=None)


def _by(motion: Motion, param: str) -> bool:
    return motion.learns is not None and motion.learns.name == param
