"""What follows a sample, as a function of its value: for methods that look at further points.

The statements below the sample are written once more, in a function within ``forward`` whose
argument hides the value that was drawn; what does not depend on it is the enclosing function's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from storchc.backend.block import Block
from storchc.backend.code import Code
from storchc.backend.expressions import Writer
from storchc.backend.printer import write
from storchc.backend.python import Py, literal, name
from storchc.backend.reductions import reduce_all, weight_plates
from storchc.backend.scores import ScoreSums
from storchc.backend.shares import Shares
from storchc.backend.sums import added
from storchc.ir.expression import Named, Reference
from storchc.ir.graph import Compute, Cost, Loop, ModuleOption, Node, Report, Sample
from storchc.ir.walk import expressions, walk


def further(
    writer: Writer, block: Block, sample: Sample, shares: Shares, costs: tuple[str, ...]
) -> dict[str, Py]:
    """The options of ``Downstream`` that say what more a control variate may look at."""
    estimator = writer.estimation.estimators[sample.name]
    if estimator.entry is None:
        return {}
    options: dict[str, Py] = {}
    critics = [v for v in estimator.constants.values() if isinstance(v, ModuleOption)]
    if critics:
        options["critic"] = writer.own(critics[0].name)
    if estimator.entry.looks:
        nodes = _below(writer, sample, costs)
        function = _function(writer, block, sample, shares, costs, nodes)
        options["follows"] = name(function)
        if not _folds(writer, sample, nodes):
            options["folds"] = literal(False)
        if any(isinstance(node, Sample) for node in nodes):
            options["methods"] = writer.inner("methods")
    return options


def _below(writer: Writer, sample: Sample, costs: Iterable[str]) -> list[Node]:
    """The statements between ``sample`` and ``costs``, in story order."""
    wanted, found = set(costs), list[Node]()
    for node in reversed(writer.graph.nodes):
        if node is sample:
            break
        if _names(node).isdisjoint(wanted) or not _depends(writer, node, sample.name):
            continue
        found.append(node)
        wanted |= {e.name for e in _parts([node]) if isinstance(e, Reference | Named)}
    return found[::-1]


def _parts(nodes: Iterable[Node]) -> Iterable[object]:
    return (e for node in nodes for root in expressions(node) for e in walk(root))


def _names(node: Node) -> set[str]:
    return set(node.names) if isinstance(node, Compute) else {node.name}


def _observed(node: Node) -> bool:
    """Whether its name is that of the value that it observes."""
    return isinstance(node, Cost) and node.observed


def _depends(writer: Writer, node: Node, sample: str) -> bool:
    """Whether the value of a statement changes with ``sample``, also behind a cut."""
    touched = writer.estimation.touched
    match node:
        case Cost():
            return sample in touched.costs[node.name]
        case Report():
            return sample in touched.reports[node.name]
        case Compute(names, _, _, _):
            return sample in touched.of[names[0]]
        case Sample():
            return sample in touched.of[node.name]
        case Loop():  # refused below a method that looks at further values
            return False


def _folds(writer: Writer, sample: Sample, nodes: list[Node]) -> bool:
    """Whether many values may be given at once, as further elements of the sample's own plate.

    They may not where something that does not depend on the sample has that plate too.
    """
    if sample.joins or sample.name in writer.storage.flat:
        return False
    made = {n for node in nodes for n in _names(node)} | {sample.name}
    used = {e.name for e in _parts(nodes) if isinstance(e, Reference | Named)} - made
    estimators = writer.estimation.estimators
    weighing = (
        s.name
        for s in writer.graph.samples
        if s.name not in made and (estimators[s.name].enumerated or estimators[s.name].weighted)
    )
    plates = [writer.stored.get(n, frozenset()) for n in used]
    plates += [weight_plates(writer, s) for s in weighing if s in writer.draws]
    return not any(sample.plate in stored for stored in plates)


def _function(
    writer: Writer,
    block: Block,
    sample: Sample,
    shares: Shares,
    costs: tuple[str, ...],
    nodes: list[Node],
) -> str:
    """Write the function; its name."""
    from storchc.backend.statements import write_node

    function = writer.identifiers.local(f"{sample.name}_follows")
    again = {n for node in nodes if not _observed(node) for n in _names(node)}
    inner = writer.identifiers.within(_locals(writer, again | {sample.name}))
    body = Block(block.source, inner, indent=block.indent + 4)
    value = writer.locals[sample.name]
    inner.taken.add(value)
    below = replace(
        writer,
        identifiers=inner,
        locals={n: made for n, made in writer.locals.items() if n not in again},
        stored=dict(writer.stored),
        draws=dict(writer.draws),
        distribution_plates=dict(writer.distribution_plates),
        costs=dict(writer.costs),
        joined=dict(writer.joined),
        block=body,
        elsewhere=True,
    )
    for node in nodes:
        write_node(below, body, node)
    for cost in writer.graph.costs:
        if cost.name in costs and cost not in nodes:
            write_node(below, body, cost)
    code = _surrogate(below, body, sample, shares, costs, again)
    stored = writer.storage.full(sample.type.plates)
    body.returns(writer.storage.align_whole(code.py, code.stored, stored))
    tensor = write(writer.torch("Tensor"))
    doc = f"What follows `{sample.name}`, at another value of it."
    block.function(f"def {function}({value}: {tensor}) -> {tensor}:", doc, body)
    writer.identifiers.taken |= inner.taken
    return function


def _locals(writer: Writer, names: set[str]) -> set[str]:
    """The identifiers of ``names``, of their draws and of what is made for them: written anew."""
    tables = (writer.locals, writer.draws)
    found = {table[n] for table in tables for n in names if n in table}
    made = {f"{n}_{part}" for n in names for part in ("law", "control", "downstream", "follows")}
    return found | ((made | {f"after_{n}" for n in names}) - set(writer.locals.values()))


def _surrogate(
    writer: Writer,
    block: Block,
    sample: Sample,
    shares: Shares,
    costs: tuple[str, ...],
    below: set[str],
) -> Code:
    """The costs, or their surrogate where the method asks for gradients, on the plates kept."""
    from storchc.backend.loss import Loss

    entry = writer.estimation.estimators[sample.name].entry
    if entry is not None and entry.looks == "gradients":
        samples = frozenset(s.name for s in writer.graph.samples if s.name in below)
        return Loss(writer, block, ScoreSums(writer), within=samples).part(costs, shares)
    return added(writer, [_plain(writer, cost, shares) for cost in costs])


def _plain(writer: Writer, cost: str, shares: Shares) -> Code:
    (node,) = (c for c in writer.graph.costs if c.name == cost)
    origin = writer.estimation.cost_origin(cost)
    plates = node.value.type.plates - shares.kept
    counted = shares.times(writer, origin, writer.costs[cost])
    return reduce_all(writer, counted, plates, origin, attached=False)
