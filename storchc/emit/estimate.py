"""The loss and what the estimate holds, as statements."""

from __future__ import annotations

from functools import reduce

from storchc.emit.alignment import align_whole
from storchc.emit.code import Code
from storchc.emit.context import Context
from storchc.emit.places import place
from storchc.emit.terms import emitted, whole
from storchc.emit.written import Written, assigned, listed
from storchc.ir.types import NO_PLATES
from storchc.program.estimate import Control, Downstream, Estimate, OwnLoss, Total
from storchc.program.slots import Slot
from storchc.program.statements import Eval
from storchc.python.expressions import (
    NONE,
    Call,
    Py,
    call,
    infix,
    literal,
    method,
    name,
    one_or_more,
    table,
    tuple_of,
)
from storchc.python.printer import write
from storchc.python.statements import Assign, If, Note, Return, Statement

LONGEST = 88
"""Characters of a total that still reads well on one line."""
MOST = 5
"""Parts of a total that still read well on one line."""


def evaluate(context: Context, operation: Eval) -> Written:
    """A term under a name."""
    term = operation.term
    shown = operation.comment
    if shown is None:
        shown = listed(context.storage.order(term.stored))
    return assigned(context, operation.target, Code(emitted(context, term), term.stored), shown)


def downstream(context: Context, operation: Downstream) -> Written:
    """``Downstream(R, ...)`` with R broadcast to the dimensions of the score."""
    stored, storage = operation.stored, context.storage
    options: dict[str, Py] = {}
    if operation.baseline is not None:
        options["baseline"] = whole(context, operation.baseline, stored)
    if operation.slot:
        options["slot"] = literal(operation.slot)
    if operation.mixed:
        dims = [storage.dim(p, stored) for p in storage.order(operation.mixed)]
        options["mixed"] = tuple_of(*map(literal, dims))
    if operation.weights is not None:
        options["weights"] = whole(context, operation.weights, stored)
    if operation.joined is not None and operation.slope is not None:
        joined = [whole(context, term, stored) for term in (operation.joined, operation.slope)]
        options["joined"] = call(context.runtime("Joined"), *joined)
    if operation.critic is not None:
        options["critic"] = context.of_methods(operation.critic)
    if operation.elsewhere is not None:
        options["elsewhere"] = _elsewhere(context, operation, operation.elsewhere)
    credited = whole(context, operation.credited, stored)
    made = call(context.runtime("Downstream"), credited, **options)
    return assigned(context, operation.target, Code(made, NO_PLATES))


def _elsewhere(context: Context, operation: Downstream, function: Slot) -> Py:
    """``Elsewhere(z_elsewhere)``, and what else is to be known of that function."""
    options: dict[str, Py] = {} if operation.folds else {"folds": literal(False)}
    options |= {"methods": context.module.methods} if operation.draws else {}
    return call(context.runtime("Elsewhere"), context.held[function].py, **options)


def control(context: Context, operation: Control) -> Written:
    """The control variate of a sample; one of a user's method is looked at."""
    sample, slot = operation.sample, operation.target
    made = _called(context, sample, "control_variate", operation.downstream)
    node = context.story.samples[sample]
    written = assigned(context, slot, Code(made, context.story.score_plates(node)))
    if context.story.estimator(sample).entry is not None:
        return written
    target = written.filled[slot].py
    where = literal(place(context.graph.source, node.span))
    looked = call("self.checked_control", target, context.draw(sample), literal(sample), where)
    return Written((*written.statements, Assign(target, looked)), written.filled)


def own_loss(context: Context, operation: OwnLoss) -> Written:
    """What trains the parameters of a sample's method."""
    made = _called(context, operation.sample, "own_loss", operation.downstream)
    return assigned(context, operation.target, Code(made, NO_PLATES))


def _called(context: Context, sample: str, function: str, downstream: Slot) -> Py:
    """What one of the functions of a sample's method says."""
    chosen = context.method_of(sample)
    return method(chosen, function, context.draw(sample), context.held[downstream].py)


def total(context: Context, operation: Total) -> Written:
    """The loss."""
    target = context.target(operation.target)
    parts = [emitted(context, part) for part in operation.parts]
    if not parts:
        parts = [call("torch.zeros", tuple_of(), **context.creation("float"))]
    if len(parts) <= MOST and len(write(one := reduce(_plus, parts))) <= LONGEST:
        parts = [one]
    statements: list[Statement] = [Assign(target, parts[0])]
    statements += (Assign(target, _plus(target, part)) for part in parts[1:])
    for slot, term in operation.late:
        more = Assign(target, _plus(target, emitted(context, term)))
        there = infix("is not", context.held[slot].py, NONE)
        statements.append(Note("a method of the user's may have no control variate"))
        statements.append(If(there, (more,)))
    statements += _limited(context, operation, target)
    return Written(tuple(statements), {operation.target: Code(target, NO_PLATES)})


def _limited(context: Context, operation: Total, loss: Py) -> list[Statement]:
    """The derivatives that are right, where they are not all."""
    kinks = [] if operation.kinks is None else [literal(operation.kinks)]
    if operation.inside:
        kinks = [name("self.kinks")]
    if operation.order == 1:
        kinks = []
    if operation.order is None and not kinks:
        return []
    limit = call(context.runtime("limit_order"), loss, literal(operation.order), *kinks)
    return [Assign(loss, limit)]


def _plus(left: Py, right: Py) -> Py:
    return infix("+", left, right)


def estimate(context: Context, operation: Estimate) -> Written:
    """What ``forward`` returns."""
    watched = any(e.trains for e in context.estimation.estimators.values() if e.entry is not None)
    keywords: dict[str, Py] = {
        "sizes": context.module.checked if context.graph.inputs else table({}),
        "draws": table({sample: context.held[slot].py for sample, slot in operation.draws}),
        "cost_values": table(
            {cost: _added(context, slots, loops) for cost, slots, loops in operation.costs}
        ),
    }
    if operation.reports:
        reports = {report: context.held[slot].py for report, slot in operation.reports}
        keywords["report_values"] = table(reports)
    if operation.own:
        own = (context.held[slot].py for slot in operation.own)
        keywords["own_loss"] = call(context.runtime("added"), *own)
    loss = context.held[operation.loss].py
    made: Py = Call(
        context.runtime("WatchedEstimate" if watched else "Estimate"),
        (loss, context.module.constants["the layout"]),
        tuple(keywords.items()),
    )
    return Written((Return(made),), {})


def _added(context: Context, slots: tuple[Slot, ...], loops: tuple[str, ...]) -> Py:
    """A cost as the estimate shows it: the sum of its parts."""
    if len(slots) == 1:
        return _over_time(context, slots[0], loops)
    each = [context.held[slot].stored - frozenset(loops) for slot in slots]
    every = frozenset[str]().union(*each)
    shown = (_over_time(context, slot, loops) for slot in slots)
    aligned = (
        align_whole(context.storage, part, stored, every)
        for part, stored in zip(shown, each, strict=True)
    )
    return reduce(_plus, aligned)


def _over_time(context: Context, slot: Slot, loops: tuple[str, ...]) -> Py:
    """A cost as the estimate shows it: summed over the steps."""
    code = context.held[slot]
    if not loops:
        return code.py
    dims = [literal(context.storage.dim(loop, code.stored)) for loop in loops]
    return method(code.py, "sum", one_or_more(dims))
