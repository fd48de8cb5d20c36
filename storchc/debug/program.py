"""The program of a story behind a pass: an operation a line, loops and functions further in.

In front stands the line of the story, behind ``#`` the plates that what it fills is stored with.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from storchc.analysis.estimation import Estimation
from storchc.debug.operations import slots, write_operation
from storchc.debug.terms import write_plates, write_term
from storchc.debug.types import line_of
from storchc.ir.types import NO_PLATES, Plates
from storchc.lower.plates import filled_plates, inputs
from storchc.lower.program import passed
from storchc.lower.story import Story, story_of
from storchc.program.estimate import Downstream, Estimate, Function, Total
from storchc.program.loops import Append, Forget, Repeat
from storchc.program.operation import Operation
from storchc.program.shared import Shared
from storchc.program.slots import Slot
from storchc.program.statements import Draw, Note
from storchc.records import dataclass

INDENT = "    "


def show_program(known: Estimation, name: str) -> Iterator[str]:
    """The program behind the pass of this name."""
    story = story_of(known.written.graph, known)
    program = next(program for pass_, program in passed(story) if pass_ == name)
    return _Page(story, dict(inputs(story))).block(program, "")


@dataclass(slots=True)
class _Page:
    """What is known where an operation is written: the plates of slots, the line of the story."""

    story: Story
    scope: dict[Slot, Plates]
    line: str = ""

    def block(self, operations: Iterable[Operation], indent: str) -> Iterator[str]:
        """Operations in order."""
        for operation in operations:
            match operation:
                case Note(text, span):
                    self.line = "" if span is None else str(line_of(self.story.graph, span))
                    if text:
                        yield self._put(f"{indent}# {text}")
                case Repeat():
                    yield from self._repeat(operation, indent)
                case Function():
                    yield from self._function(operation, indent)
                case Shared():
                    yield from self._shared(operation, indent)
                case _:
                    first, *rest = self._operation(operation)
                    yield self._put(indent + first)
                    yield from (self._put(indent + INDENT + each) for each in rest)

    def _put(self, text: str) -> str:
        """A line; that of the story stands in front of the first that it becomes."""
        line, self.line = self.line, ""
        return f"{line:>4}  {text}"

    def _repeat(self, repeat: Repeat, indent: str) -> Iterator[str]:
        further = indent + INDENT
        yield from self.block(repeat.opening, indent)
        yield self._put(f"{indent}for {repeat.loop.counter} in range(count {repeat.loop.name}):")
        yield from self.block(repeat.body, further)
        if repeat.leave is not None:
            yield self._put(f"{further}leave when nobody is left: {repeat.leave}")
        yield from self.block(repeat.closing, indent)

    def _function(self, function: Function, indent: str) -> Iterator[str]:
        graph, value = self.story.graph, function.value
        before, self.scope = self.scope, {**self.scope, value: function.stored}
        plates = write_plates(graph, function.stored)
        yield self._put(f"{indent}function {function.target}({value}):  # {plates}")
        yield from self.block(function.body, indent + INDENT)
        result = write_term(graph, function.result)
        plates = write_plates(graph, function.result.stored)
        yield self._put(f"{indent}{INDENT}return {result}  # {plates}")
        self.scope = {**before, function.target: NO_PLATES}

    def _shared(self, shared: Shared, indent: str) -> Iterator[str]:
        before = dict(self.scope)
        given = ", ".join(map(str, shared.parameters))
        yield self._put(f"{indent}function {shared.target}({given}):")
        self.scope |= dict(shared.given)
        yield from self.block(shared.body, indent + INDENT)
        yield self._put(f"{indent}{INDENT}return {slots(shared.results)}")
        self.scope = {**before, shared.target: NO_PLATES}

    def _operation(self, operation: Operation) -> list[str]:
        """An operation with what it fills; further lines where it has many parts."""
        if isinstance(operation, Forget):
            return [write_operation(self.story.graph, operation)]
        made = filled_plates(self.story, self.scope, operation)
        self.scope |= made
        first, *rest = self._written(operation)
        filled = operation.filled()
        line = f"{slots(filled)} {_verb(operation)} {first}" if filled else first
        plates = dict.fromkeys(write_plates(self.story.graph, made[slot]) for slot in filled)
        shown = [each for each in plates if each != "[]"]
        return [f"{line}  # {', '.join(shown)}" if shown else line, *rest]

    def _written(self, operation: Operation) -> list[str]:
        graph = self.story.graph
        match operation:
            case Downstream():
                return _downstream(self.story, operation)
            case Total(_, parts, late):
                summed = [f"+ {write_term(graph, part)}" for part in parts]
                more = [f"+ {write_term(graph, part)}  # if {slot} is there" for slot, part in late]
                return ["0", *summed, *more]
            case Estimate():
                return _estimate(operation)
            case _:
                return [write_operation(graph, operation)]


def _verb(operation: Operation) -> str:
    match operation:
        case Draw():
            return "~"
        case Append():
            return "+="
        case _:
            return "="


def _downstream(story: Story, operation: Downstream) -> list[str]:
    """What is credited, then what the method of the sample is told besides."""
    graph = story.graph
    terms = {
        "baseline": operation.baseline,
        "weights": operation.weights,
        "joined": operation.joined,
        "slope": operation.slope,
    }
    told = [f"{what} {write_term(graph, term)}" for what, term in terms.items() if term is not None]
    told += [f"mixed {write_plates(graph, operation.mixed)}"] if operation.mixed else []
    told += [f"critic {operation.critic}"] if operation.critic else []
    told += [] if operation.elsewhere is None else [_evaluated(operation, operation.elsewhere)]
    return [f"credited({write_term(graph, operation.credited)})", *told]


def _evaluated(operation: Downstream, function: Slot) -> str:
    """How costs are found at values that were not drawn."""
    many = "many values at once" if operation.folds else "one value at a time"
    return f"by {function}: {many}{', drawn anew' if operation.draws else ''}"


def _estimate(operation: Estimate) -> list[str]:
    """What the program returns, by name."""
    lines = [f"loss {operation.loss}"]
    lines += [f"draw {name}: {slot}" for name, slot in operation.draws]
    for name, every, loops in operation.costs:
        shown = " + ".join(map(str, every))
        lines.append(
            f"cost {name}: {shown}" + (f", summed over {', '.join(loops)}" if loops else "")
        )
    lines += [f"report {name}: {slot}" for name, slot in operation.reports]
    lines += [f"trains methods: {slot}" for slot in operation.own]
    return ["estimate", *lines]
