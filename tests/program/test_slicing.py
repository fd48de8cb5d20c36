"""Parts of a program: what leads to something, what depends on it, and no more than that."""

from __future__ import annotations

from collections.abc import Iterable

from storchc.program.loops import Repeat
from storchc.program.operation import Operation
from storchc.program.slicing import dependent_on, drawn_in, leading_to, needed_for
from storchc.program.slots import Slot
from storchc.program.statements import Draw, Note
from tests.program.programs import after, told

STORY = told("""story Sliced
plate data
input x[data]
param w = 0.1
sample z ~ Bernoulli(logits=w * x) with ScoreFunction(n=2)
compute aside = exp(x)
compute inner = z * x
sample y ~ Normal(inner, 1) with ScoreFunction()
cost c = y ** 2 + aside
cost other = z * w
""")
LOOP = told("""story Steps
plate data
input x[data]
param w = 0.1
sample z ~ Bernoulli(logits=w * x) with ScoreFunction(n=2)
for t in range(3) from h = x, g = x, k = z:
    sample y ~ Normal(h, 1) with ScoreFunction()
    compute g = g + y
    compute h = tanh(h) + w
    compute k = k * 0.5
cost c = k ** 2
cost other = g ** 2
""")


def value(name: str) -> Slot:
    return Slot("value", name)


def names(slots: Iterable[Slot]) -> set[str]:
    return {slot.name for slot in slots if slot.kind == "value"}


def filled(operations: Iterable[Operation]) -> set[str]:
    return names(slot for operation in operations for slot in operation.filled())


def test_what_depends_on_a_sample() -> None:
    found = dependent_on(STORY.drawn, after("reindexed", STORY), frozenset({value("z")}))
    assert names(found) == {"z", "inner", "y", "c", "other"}


def test_what_depends_on_a_parameter_not_at_all() -> None:
    found = dependent_on(STORY.drawn, after("reindexed", STORY), frozenset({value("nowhere")}))
    assert found == {value("nowhere")}


def test_what_leads_from_a_sample_to_a_cost() -> None:
    program = after("reindexed", STORY)
    touched = dependent_on(STORY.drawn, program, frozenset({value("z")}))
    part = leading_to(STORY.drawn, program, frozenset({Slot("cost", "c")}), touched)
    assert filled(part) == {"inner", "y", "c"}  # not the sample, nor what stands beside
    assert drawn_in(part) == {"y"}


def test_what_is_needed() -> None:
    program = after("reindexed", STORY)
    part = needed_for(STORY.drawn, program, frozenset({Slot("cost", "other")}))
    assert filled(part) == {"z", "other"}
    assert drawn_in(part) == {"z"}
    assert needed_for(STORY.drawn, program, frozenset()) == []


def test_paragraphs_keep_their_notes_and_no_others() -> None:
    part = needed_for(STORY.drawn, after("reindexed", STORY), frozenset({value("aside")}))
    assert [isinstance(each, Note) for each in part] == [True, False]


def test_later_steps_of_a_loop_depend_too() -> None:
    program = after("reindexed", LOOP)
    found = dependent_on(LOOP.drawn, program, frozenset({value("y")}))
    assert {"y", "g", "other"} <= names(found)
    assert found.isdisjoint(map(value, ("h", "k", "c")))


def test_of_a_loop_what_steps_need() -> None:
    program = after("reindexed", LOOP)
    part = needed_for(LOOP.drawn, program, frozenset({value("k")}))
    (loop,) = (each for each in part if isinstance(each, Repeat))
    assert filled(loop.body) == {"k"}
    assert not any(isinstance(each, Draw) for each in loop.body)
    whole = needed_for(LOOP.drawn, program, frozenset({value("g")}))
    (loop,) = (each for each in whole if isinstance(each, Repeat))
    assert filled(loop.body) == {"h", "y", "g"}
    assert any(Slot("size", "y") in each.filled() for each in loop.opening)
