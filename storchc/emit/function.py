"""Operations as the statements of a function."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import field, replace
from typing import Any

from storchc.emit import chains, estimate, joint, loops, samples, statements
from storchc.emit.code import Code
from storchc.emit.context import Context
from storchc.emit.places import place, shown
from storchc.emit.terms import whole
from storchc.emit.written import TENSOR, Written
from storchc.ir.types import NO_PLATES, DistributionType
from storchc.program.chains import Certain, Last, Outcomes, Pair, Shift
from storchc.program.estimate import Control, Downstream, Estimate, Function, OwnLoss, Total
from storchc.program.joint import Begin, Choose, Reindex, Since, Trace, Widen
from storchc.program.loops import Append, Collect, Count, Forget, Open, Reach, Repeat, Stack, Start
from storchc.program.operation import Operation
from storchc.program.shared import Call, Shared
from storchc.program.slots import Slot
from storchc.program.statements import (
    Again,
    Alias,
    Bind,
    Draw,
    Eval,
    Hold,
    Law,
    Note,
    Take,
    Unpack,
)
from storchc.python.expressions import (
    Atom,
    Imported,
    Local,
    Py,
    builtin,
    call,
    dotted_name,
    index,
    table,
    tuple_of,
)
from storchc.python.names import DISTRIBUTIONS
from storchc.python.statements import Assign, Def, For, If, Parameter, Return, Statement
from storchc.python.statements import Break as Leave
from storchc.python.statements import Note as Comment
from storchc.records import dataclass
from storchc.source import Span


@dataclass(slots=True)
class Body:
    """The statements of a function as they are written, and what its slots hold by then.

    ``told`` is the story line that was named last.
    """

    context: Context
    held: dict[Slot, Code]
    own: set[Slot] = field(default_factory=set)
    parts: dict[Slot, dict[Slot, Code]] = field(default_factory=dict)
    statements: list[Statement] = field(default_factory=list)
    told: Span | None = None

    def __post_init__(self) -> None:
        self.context = replace(self.context, held=self.held, own=self.own)

    def write(self, operations: Iterable[Operation]) -> None:
        """Operations in order."""
        for operation in operations:
            match operation:
                case Note(text, span):
                    self._note(text, span)
                case Repeat():
                    self._repeat(operation)
                case Function():
                    self._function(operation)
                case Shared():
                    self._part(operation)
                case Call():
                    self._call(operation)
                case Forget(targets):
                    for slot in targets:
                        del self.held[slot]
                case Choose():
                    pass  # all that it concerns has been re-indexed
                case _:
                    self._add(written(self.context, operation))

    def _add(self, made: Written) -> None:
        self.statements += made.statements
        self.held.update(made.filled)
        self.own.update(made.filled)

    def _note(self, text: str, span: Span | None) -> None:
        """A story line is named once, unless there is something to say of it."""
        if span is not None and span == self.told and not text:
            return
        self.told = span
        if span is not None:
            source = self.context.graph.source
            text = f"{place(source, span)}  {text or shown(source, span)}"
        self.statements.append(Comment(text))

    def _repeat(self, repeat: Repeat) -> None:
        loop, around = repeat.loop, self.context
        self.write(repeat.opening)
        kept = {o.target: self.held[o.target] for o in repeat.body if isinstance(o, Again)}
        counter = self.context.target(Slot("counter", loop.counter))
        self._add(Written((), {Slot("counter", loop.counter): Code(counter, NO_PLATES)}))
        above, self.statements = self.statements, []
        self.context = replace(around, around=(*around.around, loop))
        self.write(repeat.body)
        if repeat.leave is not None:
            stopped = call(around.runtime("all_stopped"), self.held[repeat.leave].py)
            self.statements.append(If(stopped, (Leave(),)))
        steps = call(builtin("range"), self.held[Slot("count", loop.name)].py)
        self.statements = [*above, For(counter, steps, tuple(self.statements))]
        self.context = around
        self.held.update(kept)
        self.write(repeat.closing)

    def _function(self, function: Function) -> None:
        """A function within this one: what is downstream of a sample, at another value of it."""
        value = Local(function.value.called)
        held = self.held | {function.value: Code(value, function.stored)}
        inner = Body(self.context, held, {function.value}, self.parts)
        inner.write(function.body)
        result = whole(inner.context, function.result, function.stored)
        body = (*inner.statements, Return(result))
        name = Local(function.target.called)
        doc = f"The downstream cost of `{function.sample.name}`, at another value of it."
        made = Def(name, (Parameter(value, TENSOR),), TENSOR, doc, body)
        self._add(Written((made,), {function.target: Code(name, NO_PLATES)}))

    def _part(self, part: Shared) -> None:
        """What lies below a sample as a function of its value, and what its results hold."""
        name, context = Local(part.target.called), self.context
        given = {slot: Code(Local(slot.called), stored) for slot, stored in part.given}
        taken = [Parameter(code.py, self._kind(slot)) for slot, code in given.items()]
        if part.draws:
            replayed = Local("replayed")
            context = replace(context, module=replace(context.module, replayed=replayed))
            kind = index(dotted_name("Mapping"), builtin("str"), TENSOR)
            taken.append(Parameter(replayed, kind))
        inner = Body(context, self.held | given, {*given}, self.parts)
        inner.write(part.body)
        own = ((slot, code) for slot, code in inner.held.items() if slot in inner.own)
        inside = {slot: code for slot, code in own if code is not given.get(slot)}
        self.parts[part.target] = inside
        kinds = {inside[slot].py: self._kind(slot) for slot in part.results}
        body = (*inner.statements, Return(_several([*kinds])))
        kind = _several([*kinds.values()])
        if len(kinds) > 1:
            kind = index(builtin("tuple"), *kinds.values())
        doc = f"What is downstream of `{part.sample.name}`, at any value of it."
        made = Def(name, tuple(taken), kind, doc, body)
        self._add(Written((made,), {part.target: Code(name, NO_PLATES)}))

    def _kind(self, slot: Slot) -> Py:
        """The type of what a slot holds."""
        if slot.kind == "draw":
            story = self.context.story
            steps = story.samples[slot.name].loops and story.chain(slot.name) is None
            return self.context.runtime("Steps" if steps else "Draw")
        if slot.kind == "size":
            return builtin("int")
        type_ = self.context.graph.types.get(slot.name) if slot.kind == "value" else None
        if isinstance(type_, DistributionType):
            return Imported(_class(type_), DISTRIBUTIONS)
        return TENSOR

    def _call(self, made: Call) -> None:
        """A part at the value that its slot has here; what is not looked at is called ``_``."""
        part, inside = made.shared, self.parts[made.shared.target]
        given = [self.held[slot].py for slot in part.parameters]
        if part.draws:
            given.append(self.context.module.replayed if made.replayed else table({}))
        returned = {inside[slot].py: IGNORED for slot in part.results}
        for slot in made.used:
            code = inside[slot].py
            if code in returned and returned[code] is IGNORED:
                returned[code] = Local(code.wanted if isinstance(code, Local) else slot.called)
        called = call(self.held[part.target].py, *given)
        own = {s: c for s, c in inside.items() if s in part.results or s not in self.held}
        filled = {s: Code(returned.get(c.py, c.py), c.stored) for s, c in own.items()}
        self._add(Written((Assign(_several([*returned.values()]), called),), filled))


IGNORED: Py = Atom("_")


def _several(values: Sequence[Py]) -> Py:
    return values[0] if len(values) == 1 else tuple_of(*values)


def written(context: Context, operation: Operation) -> Written:
    """One operation that has no operations of its own."""
    return WRITERS[type(operation)](context, operation)


def _class(type_: DistributionType) -> str:
    """The class of the runtime that a distribution is of."""
    if type_.declared is None:
        return type_.family.partition("(")[0]
    path = "reparameterized" in type_.declared.flags
    return "PathwiseUserDistribution" if path else "UserDistribution"


WRITERS: dict[type, Callable[[Context, Any], Written]] = {
    Bind: statements.compute,
    Unpack: statements.unpack,
    Alias: statements.alias,
    Eval: estimate.evaluate,
    Law: samples.law,
    Draw: samples.draw,
    Again: samples.again,
    Hold: samples.hold,
    Take: samples.take,
    Reindex: joint.reindex,
    Begin: joint.begin,
    Widen: joint.widen,
    Trace: joint.trace,
    Since: joint.since,
    Open: loops.open_plate,
    Count: loops.count,
    Start: loops.start,
    Collect: loops.collect,
    Append: loops.append,
    Stack: loops.stack,
    Reach: loops.reach,
    Outcomes: samples.outcomes,
    Certain: chains.certain,
    Pair: chains.pair,
    Shift: chains.shift,
    Last: chains.last,
    Downstream: estimate.downstream,
    Control: estimate.control,
    OwnLoss: estimate.own_loss,
    Total: estimate.total,
    Estimate: estimate.estimate,
}
"""What writes each kind of operation; those that are not here are written with their parts."""
