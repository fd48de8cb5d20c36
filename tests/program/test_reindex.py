"""What is looked at behind a joint choice is re-indexed by it, and nothing else is.

The programs as they are printed stand in ``tests/program/golden``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from storchc.lower.reindex import reindexed
from storchc.program.joint import Choose, Reindex
from storchc.program.loops import Repeat
from storchc.program.operation import Operation
from storchc.program.slots import Slot
from tests.program.programs import ROOT, after, told

GOLDEN = ROOT / "tests/program/golden"
JOINT, STEPS = (
    told((GOLDEN / f"reindexed-{name}/story.story").read_text("utf-8"))
    for name in ("joint", "joint_steps")
)
FREE = told("""story Free
param w = 0.1
sample z ~ Bernoulli(logits=w) with UnorderedSetEstimator(k=2)
cost c = z * w
""")


def every(operations: Iterable[Operation]) -> Iterator[Operation]:
    for operation in operations:
        yield operation
        if isinstance(operation, Repeat):
            yield from every((*operation.opening, *operation.body, *operation.closing))


def followed(operations: Iterable[Operation]) -> set[str]:
    return {str(each.target) for each in every(operations) if isinstance(each, Reindex)}


def test_what_is_looked_at_follows() -> None:
    found = followed(after("reindexed", JOINT))
    assert {"value early", "draw a"} <= found
    assert "value unused" not in found  # nothing looks at it
    assert "value b" not in found  # which the choice has made
    assert "value a" not in found  # taken anew of its draw


def test_what_only_the_end_looks_at_follows_where_it_is_wanted() -> None:
    lowered, unused = after("lowered", JOINT), Slot("value", "unused")
    wanted = reindexed(JOINT.graph, JOINT.drawn, lowered, frozenset({unused}))
    assert "value unused" in followed(wanted)


def test_in_a_loop_values_follow_and_what_steps_have_left_does_not() -> None:
    program = after("reindexed", STEPS)
    (loop,) = (each for each in program if isinstance(each, Repeat))
    found = followed(loop.body)
    assert "value h" in found
    assert found.isdisjoint({"value y", "value kept", "value passing", "draw y", "cost c"})


def test_a_program_without_choices_stays_as_it_is() -> None:
    lowered = after("lowered", FREE)
    assert not any(isinstance(each, Choose) for each in every(lowered))
    assert after("reindexed", FREE) == lowered
