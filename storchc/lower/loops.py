"""A loop as a loop: its carried variables, and lists of what its steps leave.

Draws, costs and wanted values are appended step by step and stacked when the loop has ended, so
that time and memory grow with the number of steps and the loss is written once for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import replace
from itertools import takewhile

from storchc.analysis.facts.mixing import reduced_inside
from storchc.ir.nodes import Carried, Compute, Cost, Loop, Node, Report, Sample
from storchc.ir.types import NO_PLATES, Plates, ValueType
from storchc.ir.walk import expressions, nodes_in
from storchc.lower.left import Left, left_by, left_by_steps
from storchc.lower.statements import Frame, lower_statement, reported
from storchc.lower.story import Story
from storchc.program.chains import Certain, Last, Shift
from storchc.program.joint import Begin, Choose, Since, Trace, Widen
from storchc.program.loops import (
    Append,
    Collect,
    Count,
    Forget,
    Item,
    Open,
    Reach,
    Repeat,
    Stack,
    Start,
    Traced,
)
from storchc.program.operation import Operation
from storchc.program.reads import named_in
from storchc.program.slots import Kind, Slot
from storchc.program.statements import Eval, Note, Settled
from storchc.program.terms import Part, Read


def lower_all(frame: Frame, nodes: Iterable[Node]) -> Iterator[Operation]:
    """Statements in order, each knowing the names above it."""
    known = set(frame.known)
    frame = replace(frame, known=known)
    for node in nodes:
        if isinstance(node, Loop):
            yield _loop(frame, node)
        else:
            yield from lower_statement(frame, node)
        known |= names_of(node)


def names_of(node: Node) -> frozenset[str]:
    """The names of values that a statement, or all of a loop, defines."""
    match node:
        case Compute(names):
            return frozenset(names)
        case Cost(name, _, observed):
            return frozenset() if observed else frozenset({name})
        case Sample(name) | Report(name):
            return frozenset({name})
        case Loop():
            inner = frozenset[str]().union(*map(names_of, node.body))
            return inner | {carried.name for carried in node.carried}


def _loop(frame: Frame, loop: Loop) -> Repeat:
    """The loop, and what its steps leave."""
    story, depth = frame.story, len(frame.around) + 1
    left = left_by_steps(story, loop)
    lists = _lists(left, loop, depth)
    settled = {carried.name: _settled(story, carried, loop) for carried in loop.carried}
    proposed = [] if frame.around else _proposed(story, loop)
    inside = replace(
        frame,
        around=(*frame.around, loop),
        carried={**frame.carried, **settled},
        lists=lists,
        known=frame.known | set(settled),
        reached=frame.reached | {sample.name for sample in proposed},
    )
    opening: list[Operation] = [Note("", loop.header)]
    if not frame.around:
        opening += _entered(story, loop)
        opening += map(_reach, proposed)
    opening += (_certain(story, chain.sample, chain.before) for chain in story.chains(loop))
    for carried in loop.carried:
        opening += _start(inside, carried, settled[carried.name], loop)
    opening += (Collect(Slot("parents", p, depth), "value") for p in _chosen(story, loop))
    opening += (Collect(slot, item) for slot, item in _collected(lists).items())
    opening.append(Count(Slot("count", loop.name), loop))
    closing: list[Operation] = [Last(Slot("draw", c.sample), c.before) for c in story.chains(loop)]
    if proposed:
        closing.append(_forget(proposed))
    if left:
        closing.append(Note("what the steps have left"))
    closing += _retraced(frame, loop)
    closing += (_stack(inside, frame.lists, each, place) for each, place in left.items())
    leave = Slot("value", loop.alive) if loop.alive and _may_end(frame, loop) else None
    body = tuple(_body(inside, loop))
    return Repeat(loop, tuple(opening), body, tuple(closing), leave)


# --- before the first step -----------------------------------------------------------------------


def _lists(left: Iterable[Left], loop: Loop, depth: int) -> dict[Left, Slot]:
    """The list of each; who is alive is kept once."""
    lists = {each: each.collected(depth) for each in left}
    alive, value = Left("alive", loop.name), Left("value", loop.alive or "")
    if alive in lists and value in lists:
        lists[alive] = lists[value]
    return lists


def _collected(lists: Mapping[Left, Slot]) -> dict[Slot, Item]:
    return {slot: left.item for left, slot in lists.items()}


def _entered(story: Story, loop: Loop) -> Iterator[Operation]:
    """The plates that the samples in the outermost loop open, and what they choose jointly."""
    for sample in story.graph.samples:
        opens = loop.name in sample.loops and not sample.joins
        if opens and story.chain(sample.name) is None:
            yield Open(Slot("size", sample.name), sample, replayed=True)
    for plate in _chosen(story, loop):
        target, opener = Slot("joint", plate), story.samples[plate]
        stored = story.storage.full(opener.type.plates)
        if _chosen_above(story, plate, loop):
            yield Eval(target, Part(Slot("draw", plate), "joint", stored), "")
        elif plate in within(loop):
            yield Begin(target, opener, replayed=True)
        else:
            yield Widen(target, opener)
            taken = _taken(story, loop) | _named(story, (loop,))
            yield Choose(plate, Read(target, stored), stored, frozenset(), taken)


def _chosen_above(story: Story, plate: str, loop: Loop) -> bool:
    """Whether an earlier loop has seen to that there is an element for every sequence."""
    above = takewhile(lambda node: node is not loop, story.graph.nodes)
    return any(plate in chosen_by(story, node) for node in above if isinstance(node, Loop))


def _proposed(story: Story, loop: Loop) -> list[Sample]:
    """The samples drawn from a proposal whose plate a step already reduces."""

    def proposed(sample: Sample) -> bool:
        estimator = story.estimator(sample.name)
        plain = estimator.weighted and not (estimator.joint or estimator.enumerated)
        return plain and reduced_inside(story.graph, sample)

    inside = (sample for sample in story.graph.samples if loop.name in sample.loops)
    return [sample for sample in inside if proposed(sample)]


def _reach(sample: Sample) -> Reach:
    return Reach(Slot("reached weight", sample.name), Slot("reached score", sample.name), sample)


def _forget(samples: Iterable[Sample]) -> Forget:
    kinds: tuple[Kind, ...] = ("reached weight", "reached score")
    return Forget(tuple(Slot(kind, sample.name) for sample in samples for kind in kinds))


def _certain(story: Story, sample: str, before: str) -> Operation:
    """One outcome, which is certain, before the first step."""
    around = story.storage.full(story.samples[sample].type.plates - {sample})
    return Certain(Slot("mass before", sample), sample, before, around | frozenset({before}))


def _settled(story: Story, carried: Carried, loop: Loop) -> Settled:
    """The outcomes of a chain themselves are the same for all other plates."""
    chains = {chain.sample for chain in story.chains(loop) if carried.name in chain.carried}
    plates = story.storage.full(carried.type.plates)
    if carried.name in chains:
        initial = story.storage.full(carried.initial.type.plates)
        plates = frozenset({carried.name}) | initial
    return Settled(carried.type.dtype, plates)


def _start(inside: Frame, carried: Carried, settled: Settled, loop: Loop) -> Iterator[Operation]:
    """A carried variable before the first step, with all the plates that steps give it."""
    chains = inside.story.chains(loop)
    before = {c.sample: c.before for c in chains if carried.name in c.carried}
    plates = frozenset(before.get(p, p) for p in settled.plates)
    detached = carried.name in inside.story.owned
    parts = inside.hoisting.all_parts(carried.initial, detached=detached)
    yield from parts.before
    start = replace(settled, plates=plates)
    yield Start(Slot("value", carried.name), carried, parts.apart, start, detached)


# --- the steps -----------------------------------------------------------------------------------


def _body(frame: Frame, loop: Loop) -> Iterator[Operation]:
    """The statements of a step, and behind each what it leaves."""
    known = set(frame.known)
    frame = replace(frame, known=known)
    yield from _alive(frame, loop)
    for node in loop.body:
        yield from lower_all(frame, (node,))
        known |= names_of(node)
        yield from _left(frame, loop, node)
    for chain in frame.story.chains(loop):
        yield Shift(chain.sample, chain.before)


def _alive(frame: Frame, loop: Loop) -> Iterator[Operation]:
    """Who is alive in this step."""
    if loop.alive is None:
        return
    kept = (Left("alive", loop.name), Left("value", loop.alive))
    for slot in dict.fromkeys(frame.lists[each] for each in kept if each in frame.lists):
        yield Append(slot, Read(Slot("value", loop.alive), NO_PLATES))


def _left(frame: Frame, loop: Loop, node: Node) -> Iterator[Operation]:
    """What one statement of this step leaves."""
    if isinstance(node, Loop) or (isinstance(node, Compute) and node.names == (loop.alive,)):
        return
    for each in left_by(frame.story, node, frame.story.sequenced):
        if each.item != "baseline":  # left before the sample was drawn
            yield Append(frame.lists[each], Read(_in_step(frame, each, node), NO_PLATES))


def _in_step(frame: Frame, left: Left, node: Node) -> Slot:
    """The slot of a step that holds what the step leaves."""
    match left.item:
        case "draw" | "cost":
            return left.whole
        case "report":
            assert isinstance(node, Report)
            return Slot("value", reported(frame.known, node))
        case _:
            return Slot("value", left.name)


def _may_end(frame: Frame, loop: Loop) -> bool:
    """Whether a loop is left when all elements have stopped.

    Not in another one, nor where something looks at what the steps of an inner one hold, nor where
    all sequences of a sample are listed, whose weights are shared to the last step.
    """
    inner = any(
        isinstance(node, Sample | Report) and loop.name in node.loops[:-1]
        for node in frame.story.graph.all_nodes
    )
    listed = frame.story.estimation.sequences
    lists = any(loop.name in frame.story.samples[sample].loops for sample in listed)
    return not (frame.around or inner or lists)


# --- what they leave -----------------------------------------------------------------------------


def _retraced(frame: Frame, loop: Loop) -> Iterator[Operation]:
    """The lineage of the sequences that the loop has left; what was there before is re-indexed.

    For the loop around it, all steps are one choice.
    """
    story, depth = frame.story, len(frame.around) + 1
    for plate in _chosen(story, loop):
        opener, joint = story.samples[plate], Slot("joint", plate)
        stored = story.storage.full(opener.type.plates)
        yield Trace(Slot("lineage", plate), Slot("parents", plate, depth), plate, stored)
        if not frame.around and plate in within(loop):
            continue  # nothing has the plate but what the loop leaves
        yield Since(joint, Slot("lineage", plate))
        if frame.around:
            parents = Part(joint, "parents", stored)
            yield Append(Slot("parents", plate, depth - 1), parents)
        spared = _taken(story, loop) | {Slot("value", c.name) for c in loop.carried}
        yield Choose(plate, Read(joint, stored), stored, within(loop), None, spared)


def _stack(inside: Frame, outer: Mapping[Left, Slot], left: Left, place: int) -> Operation:
    """Stack what the steps have left: for the steps around, or for the rest of the story."""
    story, loop = inside.story, inside.around[-1]
    known = set(inside.known).union(*map(names_of, loop.body))
    rest, zero = _rest(known, loop, left)
    return Stack(
        left.whole,
        inside.lists[left],
        left.item,
        left.name,
        loop,
        _rank(story, left, loop),
        tuple(_traced(story, loop, plate, place) for plate in _chosen(story, loop)),
        outer.get(left),
        rest,
        zero,
    )


def _traced(story: Story, loop: Loop, plate: str, place: int) -> Traced:
    """Where the sequences of a plate were behind a statement of every step; -1: before all."""
    choices = [plate in chosen_by(story, node) for node in loop.body]
    return Traced(plate, sum(choices[: place + 1]), sum(choices))


def _rank(story: Story, left: Left, loop: Loop) -> int:
    """The rank of the event of what one step leaves."""
    if left.item == "value":
        type_ = story.graph.types[left.name]
        assert isinstance(type_, ValueType)
        return type_.rank
    if left.item == "report":
        report = story.graph.report_by_name[left.name]
        inner = report.loops[report.loops.index(loop.name) + 1 :]
        return report.value.type.rank + len(inner)
    return 0


def _rest(known: Set[str], loop: Loop, left: Left) -> tuple[Slot | None, bool]:
    """What stands for the steps that an early end spares: costs are 0, other things stay."""
    reports = {n.name: reported(known, n) for n in loop.body if isinstance(n, Report)}
    shown = reports.get(left.name) if left.item == "report" else left.name
    values = {n for m in loop.body if isinstance(m, Compute) for n in m.names}
    values |= {n.name for n in loop.body if isinstance(n, Sample)}
    costs = {n.name for n in loop.body if isinstance(n, Cost)} - values
    stays = left.item in ("value", "report") and shown in {loop.alive, *costs}
    if loop.alive is None or shown is None or not stays:
        return None, False
    return Slot("value", shown), shown in costs


# --- who chooses ---------------------------------------------------------------------------------


def chosen_by(story: Story, node: Node) -> Plates:
    """The plates whose sequences a statement chooses anew."""
    match node:
        case Sample():
            return frozenset({node.plate}) if story.extends(node) else NO_PLATES
        case Loop():
            return frozenset[str]().union(*(chosen_by(story, inner) for inner in node.body))
        case Compute() | Cost() | Report():
            return NO_PLATES


def _chosen(story: Story, loop: Loop) -> tuple[str, ...]:
    return story.graph.order(chosen_by(story, loop))


def within(node: Node) -> frozenset[str]:
    """The names of a statement and of all that stands in it."""
    if isinstance(node, Loop):
        return frozenset({node.name}).union(*map(within, node.body))
    return frozenset(node.names) if isinstance(node, Compute) else frozenset({node.name})


def _taken(story: Story, loop: Loop) -> frozenset[Slot]:
    """What a loop takes from outside of it, and has itself re-indexed where it chooses."""
    flat = [*nodes_in(loop.body)]
    held = {Slot("value", n.name) for n in flat if isinstance(n, Sample) and n.mask is not None}
    made = {Slot("value", name) for name in within(loop)}
    return (_named(story, flat) | held) - made


def _named(story: Story, nodes: Iterable[Node]) -> frozenset[Slot]:
    """The values that statements name; of a loop by itself, those in its header."""
    roots = (root for node in nodes for root in expressions(node))
    slots = (slot for root in roots for slot in named_in(story.drawn, root))
    return frozenset(slot for slot in slots if slot.kind in ("value", "sequence"))
