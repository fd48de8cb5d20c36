"""A loop as a loop: its carried variables, and lists of what its steps leave.

Draws, costs and wanted values are appended step by step and stacked when the loop has ended, so
that time and memory grow with the number of steps and the loss is written once for all of them.
"""

from __future__ import annotations

from storchc.backend import elimination, joining, proposals, sequences
from storchc.backend.block import Block, place, shown
from storchc.backend.code import Code
from storchc.backend.statements import (
    comment,
    define,
    given_value,
    learns,
    reported,
    settled,
    write_statement,
)
from storchc.backend.stepping import Kept
from storchc.backend.writer import Writer
from storchc.ir.expression import Literal, Reference
from storchc.ir.names import spelled
from storchc.ir.nodes import Carried, Compute, Cost, Loop, Node, Report, Sample
from storchc.ir.types import Plates, ValueType
from storchc.python.expressions import (
    Atom,
    Py,
    call,
    index,
    literal,
    method,
    name,
    tuple_of,
)
from storchc.python.printer import write
from storchc.records import dataclass

_LISTS = {
    "draw": "draws",
    "cost": "steps",
    "value": "values",
    "baseline": "baselines",
    "mask": "steps",
    "report": "reports",
}
_STACKED = {
    "draw": "steps",
    "cost": "by_step",
    "value": "sequence",
    "baseline": "baseline_by_step",
    "mask": "by_step",
    "report": "sequence",
}


def write_node(writer: Writer, block: Block, node: Node) -> None:
    """One statement of the story, or a loop with all of its own."""
    writer.block = block
    if isinstance(node, Loop):
        _write_loop(writer, block, node)
    else:
        write_statement(writer, block, node)


def _write_loop(writer: Writer, block: Block, node: Loop) -> None:
    """The loop, and what it leaves."""
    block.story(node.span, shown(writer.graph.source, node.header))
    stepping, outer = writer.stepping, writer.stepping.around
    if not outer:
        _open_plates(writer, block, node)
        joining.enter(writer, block, node)
        proposals.begin(writer, block, node)
    elimination.begin(writer, block, node)
    for carried in node.carried:
        _start(writer, block, node, carried)
    kept = _kept(writer, node)
    outer_lists, outer_parents = dict(stepping.lists), dict(stepping.parents)
    joining.begin_steps(writer, block, node)
    for item in kept:
        _begin_list(writer, block, node, item)
    counter = writer.locals.get(node.counter) or writer.identifiers.local(node.counter)
    writer.locals[node.counter] = counter
    stepping.counts[node.name] = size = _size(writer, block, node)
    stepping.around = (*outer, node)
    counting = call(writer.identifiers.builtin("range"), size)
    with block.inside(f"for {counter} in {block.text(counting)}:"):
        _body(writer, block, node)
    stepping.around = outer
    elimination.end(writer, block, node)
    proposals.end(writer, node)
    writer.draws |= stepping.drawn
    own = {item: stepping.lists[item] for item in kept}
    stepping.lists = outer_lists
    if kept:
        block.note("what the steps have left")
    joining.end_steps(writer, block, node, outer_parents)
    passing = {Kept("draw", sample) for sample in stepping.passing}
    for item, steps in own.items():
        if item not in passing:
            _leave(writer, block, node, Left(item, kept[item]), name(steps))


def _begin_list(writer: Writer, block: Block, node: Loop, item: Kept) -> None:
    """An empty list for what the steps will leave; who is alive is kept once."""
    lists = writer.stepping.lists
    if item == Kept("mask", node.name) and node.alive is not None:
        same = lists.get(Kept("value", node.alive))
        if same is not None:
            lists[item] = same
            return
    lists[item] = writer.identifiers.local(_named(item, _LISTS))
    of = writer.runtime("Draw") if item.kind == "draw" else writer.torch("Tensor")
    block.empty_list(lists[item], of)


def _named(item: Kept, suffixes: dict[str, str]) -> str:
    plain = "alive" if item.kind == "mask" else spelled(item.name)
    return f"{plain}_{suffixes[item.kind]}"


def _open_plates(writer: Writer, block: Block, node: Loop) -> None:
    """The plates that the samples in the outermost loop open, each with its size."""
    for sample in writer.graph.samples:
        chained = elimination.chain_of(writer, sample.name) is not None
        if node.name not in sample.loops or sample.joins or chained:
            continue
        if sample.name in writer.stepping.drawn:
            continue
        if sequences.open_plate(writer, block, sample):
            continue
        target = writer.identifiers.local(f"{sample.name}_size")
        chosen = index(writer.inner("methods"), literal(sample.name))
        given = given_value(writer, sample.name)
        dim = writer.storage.dim(sample.name, writer.storage.full(sample.type.plates))
        block.assign(target, call(writer.runtime("opened"), chosen, given, literal(dim)))
        writer.stepping.sizes[sample.name] = name(target)


def _size(writer: Writer, block: Block, node: Loop) -> Py:
    """The number of steps; where it may come out below 1 it is checked, once."""
    if writer.elsewhere:
        return writer.stepping.counts[node.name]
    size = writer.size(node.bound)
    free = [d.name for d in writer.graph.dims.values() if d.value is None]
    if node.bound.value is not None or node.bound.canonical() in free:
        return size
    target = writer.identifiers.local(f"{node.counter}_count")
    where = literal(place(writer.graph.source, node.header))
    block.assign(target, call(writer.runtime("number_of_steps"), size, where))
    return name(target)


# --- carried variables ---------------------------------------------------------------------------


def _start(writer: Writer, block: Block, node: Loop, carried: Carried) -> None:
    """A carried variable before the first step, with all the plates that steps give it."""
    type_, writer.block = carried.type, block
    full = elimination.earlier_plates(writer, carried, node) or writer.storage.full(type_.plates)
    writer.stepping.carried[carried.name] = type_
    if isinstance(carried.initial, Literal):
        code = _filled(writer, carried.initial, type_, full)
        block.assign(define(writer, carried.name, full), code.py, comment(writer, type_, full))
        return
    initial = writer.making(carried.name).value(carried.initial)
    code = writer.tensor(initial, carried.initial.type.dtype)
    known = carried.name in writer.locals and not writer.elsewhere
    target = define(writer, carried.name, full)
    own = _is_param(writer, code.py)
    if code.stored != full and not (own or isinstance(code.py, Atom)):
        block.assign(target, code.py)
        code = Code(name(target), code.stored)
    code = settled(writer, carried.name, code, carried.initial.type, full)
    if code.py == name(target):  # held from the loop around
        return
    typed = f"{target}: {write(writer.torch('Tensor'))}"  # later steps hold no `nn.Parameter`
    start = typed if _is_param(writer, code.py) and not known else target
    block.assign(start, code.py, comment(writer, type_, full))


def _is_param(writer: Writer, code: Py) -> bool:
    return any(code == writer.own(param.name) for param in writer.graph.params)


def _filled(writer: Writer, start: Literal, type_: ValueType, full: Plates) -> Code:
    """A number as a tensor of every element."""
    sizes = (*writer.plate_sizes(full), *(writer.size(size) for size in type_.shape))
    number = float(start.value) if type_.dtype == "float" else start.value
    options = writer.creation(type_.dtype)
    made = call(writer.torch("torch.full"), tuple_of(*sizes), literal(number), **options)
    return Code(made, full)


# --- the steps -----------------------------------------------------------------------------------


def _kept(writer: Writer, node: Loop) -> dict[Kept, int]:
    """What every step leaves, and behind which statement of the body; -1: before all."""
    wanted = writer.sequenced
    found = {
        kept: place - (kept.kind == "baseline" and isinstance(n, Sample))
        for place, n in enumerate(node.body)
        for kept in _left_by(writer, n, wanted)
    }
    if node.alive is not None:
        if Kept("value", node.alive) in found:
            found[Kept("value", node.alive)] = -1
        if _averages(writer, node):
            found[Kept("mask", node.name)] = -1
    return found


def _left_by(writer: Writer, node: Node, wanted: frozenset[str]) -> list[Kept]:
    match node:
        case Compute(names):
            return [Kept("value", n) for n in names if n in wanted]
        case Sample(name=sample) if elimination.chain_of(writer, sample) is not None:
            return []
        case Sample(name=sample):
            found = [Kept("draw", sample)] if _is_asked_for(writer, node) else []
            found += [Kept("baseline", sample)] if learns(writer, node) else []
            return found + ([Kept("value", sample)] if sample in wanted else [])
        case Cost(name=cost):
            defines = not node.observed and not _is_named(node.value, cost) and cost in wanted
            return [Kept("cost", cost), *([Kept("value", cost)] if defines else [])]
        case Report(name=report):
            return [Kept("report", report)]
        case Loop():
            passing = {Kept("draw", sample) for sample in writer.stepping.passing}
            return [k for k in _kept(writer, node) if k.kind != "value" and k not in passing]


def _is_asked_for(writer: Writer, node: Sample) -> bool:
    """Whether something will look at the draws of all steps."""
    return node.name not in writer.stepping.drawn.keys() | writer.stepping.passing


def _is_named(value: object, wanted: str) -> bool:
    return isinstance(value, Reference) and value.name == wanted


def _averages(writer: Writer, node: Loop) -> bool:
    """Whether a method averages over elements, of which only those that count may enter."""
    estimators, groups = writer.estimation.estimators, writer.estimation.credit.groups
    within = [s.name for s in writer.graph.samples if node.name in s.loops and s.name in groups]
    return any(estimators[s].baseline in ("learned", "moving_average") for s in within)


def _body(writer: Writer, block: Block, node: Loop) -> None:
    """The statements of a step, each followed by what it leaves."""
    _leave_mask(writer, block, node)
    for n in node.body:
        write_node(writer, block, n)
        _leave_step(writer, block, node, n)
    elimination.end_step(writer, block, node)
    if node.alive is not None and _may_end(writer, node):
        alive = name(writer.locals[node.alive])
        block.leave_when(call(writer.runtime("all_stopped"), alive))


def _may_end(writer: Writer, node: Loop) -> bool:
    """Whether a loop is left when all elements have stopped.

    Not in another one, nor where something looks at what the steps of an inner one hold.
    """
    inner = any(
        isinstance(n, Sample | Report) and node.name in n.loops[:-1] for n in writer.graph.all_nodes
    )
    return len(writer.stepping.around) == 1 and not inner and not _lists(writer, node)


def _lists(writer: Writer, node: Loop) -> bool:
    """Whether all sequences of a sample are listed, whose weights are shared to the last step."""
    return any(node.name in writer.samples[s].loops for s in writer.estimation.sequences)


def _leave_mask(writer: Writer, block: Block, node: Loop) -> None:
    """Who is alive in this step."""
    if node.alive is None:
        return
    lists = writer.stepping.lists
    kept = {lists.get(Kept("mask", node.name)), lists.get(Kept("value", node.alive))}
    for steps in kept - {None}:
        _append(block, str(steps), name(writer.locals[node.alive]))


def _leave_step(writer: Writer, block: Block, loop: Loop, node: Node) -> None:
    """What one statement of this step leaves."""
    if isinstance(node, Loop) or (isinstance(node, Compute) and node.names == (loop.alive,)):
        return
    lists = writer.stepping.lists
    for item in _left_by(writer, node, frozenset(k.name for k in lists if k.kind == "value")):
        if item.kind != "baseline":  # left before the sample was drawn
            _append(block, lists[item], _of_step(writer, item, node))


def _append(block: Block, steps: str, code: Py) -> None:
    block.expression(method(name(steps), "append", code))


def _of_step(writer: Writer, item: Kept, node: Node) -> Py:
    """What one step leaves."""
    match item.kind:
        case "draw":
            return writer.draw(item.name)
        case "cost":
            return writer.costs[item.name].py
        case "report":
            return name(writer.locals[reported(writer, node)])
        case _:
            return name(writer.locals[item.name])


# --- what they leave -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Left:
    """What the steps of a loop have left, and behind which statement of its body."""

    item: Kept
    place: int


def _along(writer: Writer, node: Loop, left: Left, steps: Py) -> Py:
    """The steps along the sequences that are left; a sample sees to that by itself."""
    if left.item.kind == "draw":
        return steps
    stored = _stored_step(writer, node, left.item)
    for plate in writer.graph.order(joining.chosen_by(writer, node) & stored):
        lines = joining.lines_at(writer, node, plate, left.place, stored)
        dim = literal(writer.storage.dim(plate, stored))
        steps = call(writer.runtime("along"), steps, lines, dim)
    return steps


def _stored_step(writer: Writer, node: Loop, item: Kept) -> Plates:
    """The plates that one step of an item is stored with."""
    match item.kind:
        case "cost":
            return writer.costs[item.name].stored
        case "baseline":
            return writer.stepping.baselines[item.name].stored
        case "mask" if item.name != node.name:
            return writer.stepping.masks[item.name].stored
        case "mask":
            assert node.alive is not None
            return writer.stored[node.alive]
        case _:
            return _shape(writer, node, item)[0]


def _leave(writer: Writer, block: Block, node: Loop, left: Left, steps: Py) -> None:
    """Stack what the steps have left: for the steps around, or for the rest of the story."""
    stepping, item = writer.stepping, left.item
    if item.kind == "draw":
        code, stored = _draws(writer, node, left, steps), frozenset[str]()
    else:
        code, stored = _stacked(writer, node, item, _along(writer, node, left, steps))
    if item in stepping.lists:
        _append(block, stepping.lists[item], code)
        _keep(writer, item, Code(code, stored))
        return
    target = writer.identifiers.local(_named(item, _STACKED))
    block.assign(target, code)
    if item.kind == "draw":
        writer.draws[item.name] = target
    _keep(writer, item, Code(name(target), stored))


def _draws(writer: Writer, node: Loop, left: Left, steps: Py) -> Py:
    """The draws of a sample in all steps."""
    item, count = left.item, writer.stepping.counts[node.name]
    sample = writer.samples[item.name]
    if sample.plate in joining.chosen_by(writer, node):
        lines = joining.lines_at(writer, node, sample.plate, left.place, frozenset())
        if writer.estimation.estimators[item.name].joint:
            joint = name(writer.stepping.joints[sample.plate])
            return call(writer.runtime("JointSteps"), steps, count, lines, joint)
        dim = literal(writer.storage.dim(sample.plate, writer.storage.full(sample.type.plates)))
        return call(writer.runtime("StepsAlong"), steps, count, lines, dim)
    if item.name in writer.estimation.sequences:
        kind = "Sequences" if sample.mask is None else "EndingSequences"
        return call(writer.runtime(kind), steps, count)
    opened = _weighs(writer, item.name) and not writer.stepping.around
    elements = {"elements": writer.stepping.sizes[item.name]} if opened else {}
    return call(writer.runtime("Steps"), steps, count, **elements)


def _keep(writer: Writer, item: Kept, code: Code) -> None:
    stepping = writer.stepping
    match item.kind:
        case "cost":
            writer.costs[item.name] = code
        case "baseline":
            stepping.baselines[item.name] = code
        case "mask":
            stepping.masks[item.name] = code
        case "report":
            stepping.reports[item.name] = code
        case "value":
            stepping.sequences[item.name] = code


def _stacked(writer: Writer, node: Loop, item: Kept, steps: Py) -> tuple[Py, Plates]:
    """The steps as one value, and its plates."""
    count = writer.stepping.counts[node.name]
    match item.kind:
        case "cost":
            stored = writer.costs[item.name].stored
        case "baseline":
            stored = writer.stepping.baselines[item.name].stored
        case "mask":
            return _mask(writer, node, item, steps)
        case _:
            return _sequence(writer, node, item, steps, count)
    return call("torch.stack", steps), stored | {node.name}


def _weighs(writer: Writer, name: str) -> bool:
    """Whether a sample opens a plate and weighs its elements, step by step."""
    sample = writer.samples[name]
    return not sample.joins and writer.estimation.estimators[name].weighted


def _mask(writer: Writer, node: Loop, item: Kept, steps: Py) -> tuple[Py, Plates]:
    """The elements that count in each step, as weights."""
    if node.name != item.name:
        stored = writer.stepping.masks[item.name].stored
        return call("torch.stack", steps), stored | {node.name}
    assert node.alive is not None
    dtype = writer.creation("float")["dtype"]
    stacked = method(call("torch.stack", steps), "to", dtype)
    return stacked, writer.stored[node.alive] | {node.name}


def _sequence(writer: Writer, node: Loop, item: Kept, steps: Py, count: Py) -> tuple[Py, Plates]:
    """A variable over time: the steps are the first event dimension."""
    stored, rank = _shape(writer, node, item)
    dim = literal(-1 - rank)
    if node.alive is None:
        return call("torch.stack", steps, dim), stored
    rest = _rest(writer, node, item)
    return call(writer.runtime("sequence"), steps, count, dim, **rest), stored


def _rest(writer: Writer, node: Loop, item: Kept) -> dict[str, Py]:
    """What stands for the steps that an early end spares: costs are 0, other things stay."""
    reports = {n.name: reported(writer, n) for n in node.body if isinstance(n, Report)}
    shown = reports.get(item.name) if item.kind == "report" else item.name
    values = {n for m in node.body if isinstance(m, Compute) for n in m.names}
    values |= {n.name for n in node.body if isinstance(n, Sample)}
    costs = {n.name for n in node.body if isinstance(n, Cost)} - values
    if shown is None or shown not in {node.alive, *costs}:
        return {}
    last = name(writer.locals[shown])
    return {"rest": call(writer.torch("torch.zeros_like"), last) if shown in costs else last}


def _shape(writer: Writer, node: Loop, item: Kept) -> tuple[Plates, int]:
    """The plates that one step is stored with, and the rank of its event."""
    if item.kind == "value":
        type_ = writer.graph.types[item.name]
        assert isinstance(type_, ValueType)
        return writer.stored[item.name], type_.rank
    report = writer.graph.report_by_name[item.name]
    if item.name in writer.stepping.reports:  # of an inner loop: stacked before
        inner = report.loops[report.loops.index(node.name) + 1 :]
        return writer.stepping.reports[item.name].stored, report.value.type.rank + len(inner)
    return writer.stored[reported(writer, report)], report.value.type.rank
