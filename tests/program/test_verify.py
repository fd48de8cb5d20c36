"""Programs hold together between passes, and generated code stores what they say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from storchc.emit import function
from storchc.emit.code import Code
from storchc.emit.context import Context
from storchc.emit.module import generate
from storchc.emit.written import Written
from storchc.lower.plates import filled_plates
from storchc.lower.program import Program, passed
from storchc.program import storage
from storchc.program.estimate import Function, Total
from storchc.program.joint import Reindex
from storchc.program.loops import Forget, Repeat
from storchc.program.operation import Operation
from storchc.program.sizes import asked
from storchc.program.slots import Slot
from storchc.program.statements import Note, Take
from storchc.program.terms import Reduced
from storchc.program.verify import BrokenProgram
from tests.program.programs import ROOT, STORIES, after, hold, known, told
from tests.random_stories.estimators import estimated_stories
from tests.random_stories.loops import loop_stories
from tests.random_stories.running import on_each
from tests.random_stories.strategies import stories


class Asked(dict[Slot, Code]):
    """What slots hold, with those that were asked for."""

    def __init__(self, held: Mapping[Slot, Code]) -> None:
        super().__init__(held)
        self.slots = set[Slot]()

    def __getitem__(self, slot: Slot) -> Code:
        self.slots.add(slot)
        return super().__getitem__(slot)

    def get(self, slot: Slot, default: Any = None) -> Any:
        if slot.kind == "size" and slot in self:
            self.slots.add(slot)
        return super().get(slot, default)

    def unsaid(self, context: Context, operation: Operation) -> set[Slot]:
        """The slots that an operation does not say it asks for, but for numbers of steps.

        The plates of a law are those that its draw is weighed with. The mass and the number of
        outcomes of a chain stand for those of the step before too, which they are made of.
        """
        said = {*asked(context.story.drawn, (operation,)), *operation.filled()}
        said |= {Slot("law", slot.name) for slot in said if slot.kind == "draw"}
        said |= {Slot("mass before", slot.name) for slot in said if slot.kind == "mass"}
        numbers = {s for s in self.slots if s.kind in ("count", "counter")}
        chains = context.estimation.elimination.chains.values()
        numbers |= {Slot("size", chain.before) for chain in chains}
        return self.slots - said - numbers


@pytest.fixture
def stored_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Operations are written by the slots they look at, with the plates the program finds."""
    write = function.written

    def written(context: Context, operation: Operation) -> Written:
        scope = {slot: code.stored for slot, code in context.held.items()}
        said = filled_plates(context.story, scope, operation)
        asked = Asked(context.held)
        made = write(replace(context, held=asked), operation)
        assert not asked.unsaid(context, operation), operation
        assert made.filled.keys() <= said.keys(), operation
        every = {**context.held, **made.filled}
        assert {slot: every[slot].stored for slot in said} == said, operation
        return made

    monkeypatch.setattr(function, "written", written)


def check(text: str) -> bool:
    """Every program of a story is verified, and the last one written; False if it is refused."""
    story = known(text)
    if story is None:
        return False
    for _, program in passed(story):
        hold(story, program)
    generate(story.graph, story.estimation)
    return True


@pytest.mark.parametrize("file", STORIES, ids=lambda file: str(file.relative_to(ROOT)))
def test_stories(file: Path, stored_alike: None) -> None:
    assert check(file.read_text("utf-8"))


def test_plates_without_a_dimension(stored_alike: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "DEEPEST", 0)
    assert all(check(file.read_text("utf-8")) for file in STORIES[::4])


@pytest.mark.certify
@pytest.mark.parametrize(
    "strategy", [stories(), estimated_stories(), loop_stories()], ids=["plain", "ways", "loops"]
)
def test_random_stories(strategy: Any, stored_alike: None) -> None:
    held: list[bool] = []
    on_each(strategy, 200, 70, lambda made: held.append(check(getattr(made, "story", made).text)))
    assert sum(held) > 50


# --- broken ones ---------------------------------------------------------------------------------

BEAMS, PAIRED, STOPPING = (
    (ROOT / "tests/golden" / name / "story.story").read_text("utf-8")
    for name in ("beams", "paired", "stopping")
)


def without(program: Program) -> Iterator[tuple[Operation, Program]]:
    """A program without one of its operations, for each of them; and which that is."""
    for number, operation in enumerate(program):
        rest = program[:number], program[number + 1 :]
        yield operation, (*rest[0], *rest[1])
        if isinstance(operation, Repeat):
            for part in ("opening", "body", "closing"):
                for inner, left in without(getattr(operation, part)):
                    parts: dict[str, Any] = {part: left}
                    yield inner, (*rest[0], replace(operation, **parts), *rest[1])
        if isinstance(operation, Function):
            for inner, left in without(operation.body):
                yield inner, (*rest[0], replace(operation, body=left), *rest[1])


@pytest.mark.parametrize("text", [BEAMS, PAIRED, STOPPING], ids=["beams", "paired", "stopping"])
def test_what_is_missing_is_missed(text: str) -> None:
    story = told(text)
    missed = 0
    for operation, program in without(after("program", story)):
        if not operation.filled():
            continue
        try:
            hold(story, program)
        except BrokenProgram:
            missed += 1
        else:  # what it fills is filled elsewhere too: before the first step, where it is made
            others = {slot for other, _ in without(program) for slot in other.filled()}
            assert others.issuperset(operation.filled()), operation
    assert missed > 10


def test_the_words_for_what_is_missing() -> None:
    story = told(PAIRED)
    program = after("program", story)
    taken = next(each for each in program if isinstance(each, Take))
    with pytest.raises(BrokenProgram, match=r"^Bind of `.*` looks at `value .*`, which nothing"):
        hold(story, tuple(each for each in program if each is not taken))


def test_what_is_filled_too_late() -> None:
    story = told(PAIRED)
    program = [each for each in after("program", story) if not isinstance(each, Note)]
    with pytest.raises(BrokenProgram, match="which nothing has filled before it"):
        hold(story, tuple(reversed(program)))


TWO = """story Two
plate data
plate other
input x[data, other]
param w = 0.1
sample z ~ Bernoulli(logits=w * x) with ScoreFunction(n=2)
cost c = (z - x) ** 2
"""


def total(program: Program) -> Total:
    """The last but one of a program's operations: its loss."""
    last = program[-2]
    assert isinstance(last, Total)
    return last


def test_exchanged_plates() -> None:
    story = told(TWO)
    program = after("program", story)
    hold(story, program)
    (part,) = total(program).parts
    assert isinstance(part, Reduced)
    wrong = replace(part, plates=("z", "data", "elsewhere"))
    broken = (*program[:-2], replace(total(program), parts=(wrong,)), program[-1])
    with pytest.raises(BrokenProgram, match=r"reduces \[elsewhere\], which Reduced of"):
        hold(story, broken)
    wrong = replace(part, plates=("z", "data"))
    broken = (*program[:-2], replace(total(program), parts=(wrong,)), program[-1])
    with pytest.raises(BrokenProgram, match=r"as \[\], which is \[other\]"):
        hold(story, broken)


def test_a_value_that_is_not_re_indexed() -> None:
    story = told(BEAMS)
    program = after("reindexed", story)
    assert any(isinstance(each, Reindex) for each, _ in without(program))
    assert not any(isinstance(each, Reindex) for each, _ in without(after("lowered", story)))
    choose = next(e for e, _ in without(program) if isinstance(e, Reindex))
    wrong = replace(choose, plate="elsewhere")
    with pytest.raises(BrokenProgram, match="has no plate `elsewhere`"):
        hold(story, (*program, wrong))


def test_forgotten_slots_hold_nothing() -> None:
    story = told(TWO)
    program = after("reindexed", story)
    gone = Forget((Slot("value", "z"),))
    hold(story, (*program, gone))
    with pytest.raises(BrokenProgram, match="Forget looks at `value z`"):
        hold(story, (*program, gone, gone))
