"""Operations as text: what each makes of what it looks at."""

from __future__ import annotations

from collections.abc import Iterable

from storchc.debug.expressions import call, write
from storchc.debug.terms import write_term
from storchc.ir.graph import Graph
from storchc.program.chains import Certain, Last, Outcomes, Pair, Shift
from storchc.program.estimate import Control, OwnLoss
from storchc.program.joint import Begin, Choose, Reindex, Since, Trace, Widen
from storchc.program.loops import Append, Collect, Count, Forget, Open, Reach, Stack, Start
from storchc.program.operation import Operation
from storchc.program.shared import Call
from storchc.program.slots import Slot
from storchc.program.statements import (
    Again,
    Alias,
    Bind,
    Draw,
    Eval,
    Hold,
    Law,
    Take,
    Unpack,
)


def write_operation(graph: Graph, operation: Operation) -> str:
    """An operation of one line, without what it fills."""
    match operation:
        case Bind(_, value, detached=cut) | Unpack(_, value, detached=cut):
            return _cut(write(value), cut)
        case Start(_, carried, detached=cut):
            return _cut(write(carried.initial), cut)
        case Alias(_, source):
            return str(source)
        case Eval(_, term):
            return write_term(graph, term)
        case Law(_, sample) | Outcomes(_, sample):
            shown = write(sample.distribution)
            return shown if isinstance(operation, Law) else call("outcomes", shown)
        case Draw():
            return _drawn(operation)
        case Again():
            return "as drawn in this step"
        case Hold(target, sample):
            assert sample.mask is not None
            return f"{target} if {write(sample.mask)} else value {sample.name}"
        case Take(_, draw):
            return call("value", str(draw))
        case Open(_, sample) | Begin(_, sample):
            return call("opened" if isinstance(operation, Open) else "nothing_chosen", sample.name)
        case Count(_, loop):
            return str(loop.bound)
        case Collect():
            return "[]"
        case Append(_, term):
            return write_term(graph, term)
        case Stack(steps=steps, item=item, loop=loop):
            return call("sequence" if item in ("value", "report") else "stack", str(steps))
        case _:
            return _written(graph, operation)


def _written(graph: Graph, operation: Operation) -> str:
    """Joint choices, chains, the loss: what has a name of its own in generated code too."""
    match operation:
        case Reindex(target, plate, joint):
            return call("reindexed", str(target), f"along={plate}", write_term(graph, joint))
        case Choose(plate, joint):
            return f"chosen along {plate}: {write_term(graph, joint)}"
        case Widen(_, sample):
            return call("widened", f"draw {sample.name}")
        case Trace(_, parents):
            return call("lineage", str(parents))
        case Since(target, lineage):
            return call("since", str(target), str(lineage))
        case Reach():
            return "nothing drawn yet"
        case Forget(targets):
            return f"forget {slots(targets)}"
        case Call(shared, _, replayed):
            given = [*map(str, shared.parameters), *([] if replayed else ["anew"])]
            return call(str(shared.target), *given)
        case Certain():
            return "one outcome"
        case Pair(sample, before):
            pair = [f"draw {sample}", *([f"mass before {sample}"] if before else [])]
            return call("pairs", *pair)
        case Shift(sample, before):
            return slots([*([Slot("mass", sample)] if before else []), Slot("draw", sample)])
        case Last(target):
            return call("last", f"latest {target.name}", f"mass {target.name}")
        case Control(_, _, downstream) | OwnLoss(_, _, downstream):
            kind = "control_variate" if isinstance(operation, Control) else "own_loss"
            return call(kind, f"draw {operation.sample}", str(downstream))
        case _:
            raise NotImplementedError(f"no text for {type(operation).__name__}")


def slots(found: Iterable[Slot]) -> str:
    """``value z, cost c``."""
    return ", ".join(map(str, found))


def _cut(text: str, detached: bool) -> str:
    return call("detach", text) if detached else text


def _drawn(draw: Draw) -> str:
    joint = "" if draw.joint is None else f", extends {draw.joint}"
    return f"{draw.law}{joint}{'' if draw.replayed else ', anew'}"
