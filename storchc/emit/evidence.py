"""The likelihood of all steps of a chain that is summed out, as code."""

from __future__ import annotations

from storchc.emit.alignment import align_whole
from storchc.emit.code import Code
from storchc.emit.context import Context
from storchc.emit.distributions import distribution
from storchc.ir.expression import AlongSteps, Distribution, Evidence
from storchc.ir.types import NO_PLATES, Plates
from storchc.program.slots import Slot
from storchc.python.expressions import Py, call, literal, method


def along_steps(context: Context, value: AlongSteps) -> Code:
    """The dimension of the steps is moved in front of all plates."""
    code = context.value(value.value)
    moved = method(code.py, "movedim", literal(-value.value.type.rank), literal(0))
    return Code(moved, code.stored | {value.loop})


def evidence(context: Context, value: Evidence) -> Code:
    """``log_evidence(…)``, everything with all dimensions."""
    first = _first(context, value)
    moves = _weights(context, value, value.law)
    terms = context.as_float(value.term)
    start = None if value.start is None else context.as_float(value.start)
    given = [c for c in (first, moves, terms, start) if c is not None]
    steps = frozenset[str]().union(*(c.stored for c in given))
    steps |= {value.loop, value.before, value.sample}
    one = steps - {value.loop, value.before}
    storage, chain = context.storage, context.estimation.elimination.chains[value.sample]
    bound = context.estimation.graph.loop_by_name[chain.loop].bound
    options = {
        "dim": literal(storage.dim(value.sample, one)),
        "steps": context.size(bound),
    }
    if start is not None:
        options["start"] = _whole(context, start, one)
    made = call(
        context.runtime("log_evidence"),
        _whole(context, first, one),
        _whole(context, moves, steps),
        _whole(context, terms, steps),
        **options,
    )
    return Code(made, one - {value.sample})


def _whole(context: Context, code: Code, plates: Plates) -> Py:
    return align_whole(context.storage, code.py, code.stored, plates)


def _first(context: Context, value: Evidence) -> Code:
    """The probabilities of the outcomes of the first step."""
    if value.first is not None:
        return _weights(context, value, value.first)
    mass = context.held[Slot("mass", value.sample)]
    return Code(method(mass.py, "detach"), mass.stored) if context.detached else mass


def _weights(context: Context, value: Evidence, law: Distribution) -> Code:
    """The probabilities of the outcomes below a distribution."""
    made = distribution(context, law, NO_PLATES, tensor=True)
    chain = context.estimation.elimination.chains[value.sample]
    states = (literal(chain.states),) if value.before in made.stored else ()
    weight = method(context.expect(value.sample), "moves", made.py, *states)
    stored = made.stored | {value.sample}
    at = context.storage.dim(value.sample, stored)
    return Code(method(weight, "movedim", literal(0), literal(at)) if at else weight, stored)
