"""What follows a sample, as a function of its value: for methods that look at further points.

The statements below the sample are written once more, in a function within ``forward`` whose
argument hides the value that was drawn; what does not depend on it is the enclosing function's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from storchc.backend.below import below, flat, kept_draws, names_of, references
from storchc.backend.block import Block
from storchc.backend.code import Code
from storchc.backend.loops import write_node
from storchc.backend.reductions import reduce_all, weight_plates
from storchc.backend.shares import Shares
from storchc.backend.sums import added
from storchc.backend.timed import over_all
from storchc.backend.writer import Writer
from storchc.ir.nodes import Cost, Loop, ModuleOption, Node, Sample
from storchc.python.expressions import Py, literal, name
from storchc.python.printer import write

_MADE = ("law", "control", "downstream", "follows")
_MADE_IN_STEP = ("draw", "joint", "parents", "lineage")
_LEFT_BY_STEPS = ("draws", "steps", "by_step", "values", "sequence", "size", "mass", "next")
"""What is made for a name, behind it in the identifier."""


Surrogate = Callable[[Writer, Block, frozenset[str], tuple[str, ...], Shares], Code]
"""Writes costs with the scores and control variates of some samples: a part of the loss."""


def further(
    writer: Writer,
    block: Block,
    sample: Sample,
    shares: Shares,
    costs: tuple[str, ...],
    surrogate: Surrogate,
) -> dict[str, Py]:
    """The options of ``Downstream`` that say what more a control variate may look at."""
    estimator = writer.estimation.estimators[sample.name]
    if estimator.entry is None:
        return {}
    options: dict[str, Py] = {}
    critics = [v for v in estimator.constants.values() if isinstance(v, ModuleOption)]
    if critics:
        options["critic"] = writer.of_methods(critics[0].name)
    if estimator.entry.looks:
        nodes = below(writer, sample, costs)
        function = _function(writer, block, sample, shares, costs, nodes, surrogate)
        options["follows"] = name(function)
        if not _folds(writer, sample, nodes):
            options["folds"] = literal(False)
        if any(isinstance(node, Sample) for node in flat(nodes)):
            options["methods"] = writer.inner("methods")
    return options


def _observed(node: Node) -> bool:
    """Whether its name is that of the value that it observes."""
    return isinstance(node, Cost) and node.observed


def _folds(writer: Writer, sample: Sample, nodes: list[Node]) -> bool:
    """Whether many values may be given at once, as further elements of the sample's own plate.

    They may not where something that does not depend on the sample has that plate too.
    """
    if sample.joins or sample.name in writer.storage.flat:
        return False
    every = list(flat(nodes))
    made = {n for node in every for n in names_of(node)} | {sample.name}
    made -= kept_draws(writer, sample, nodes)
    used = references(every) - made
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
    surrogate: Surrogate,
) -> str:
    """Write the function; its name."""
    function = writer.identifiers.local(f"{sample.name}_follows")
    every = list(flat(nodes))
    kept = kept_draws(writer, sample, nodes)
    again = {n for node in every if not _observed(node) for n in names_of(node)}
    inner = writer.identifiers.within(_locals(writer, every, again | {sample.name}, kept))
    body = Block(block.source, inner, indent=block.indent + 4)
    value = writer.locals[sample.name]
    inner.taken.add(value)
    once_more = replace(
        writer,
        identifiers=inner,
        locals={n: made for n, made in writer.locals.items() if n not in again},
        stored=dict(writer.stored),
        draws={n: made for n, made in writer.draws.items() if n not in again - kept},
        distribution_plates=dict(writer.distribution_plates),
        costs={},
        joined=dict(writer.joined),
        block=body,
        stepping=writer.stepping.once_more(
            {n: writer.draws[n] for n in kept}, _passing(writer, sample, every)
        ),
        elsewhere=True,
    )
    for node in nodes:
        write_node(once_more, body, node)
    for cost in writer.graph.costs:
        if cost.name in costs and cost not in every:
            write_node(once_more, body, cost)
    if _asks(writer, sample) == "gradients":
        within = frozenset(s.name for s in writer.graph.samples if s.name in again - kept)
        code = surrogate(once_more, body, within, costs, shares)
    else:
        code = added(once_more, [_plain(once_more, cost, shares) for cost in costs])
    stored = writer.storage.full(sample.type.plates)
    body.returns(writer.storage.align_whole(code.py, code.stored, stored))
    tensor = write(writer.torch("Tensor"))
    doc = f"What follows `{sample.name}`, at another value of it."
    block.function(f"def {function}({value}: {tensor}) -> {tensor}:", doc, body)
    writer.identifiers.taken |= inner.taken
    return function


def _passing(writer: Writer, sample: Sample, nodes: list[Node]) -> frozenset[str]:
    """The samples below of which the function needs values alone: no scores and no weights."""
    estimators = writer.estimation.estimators
    within = {n.name: estimators[n.name] for n in nodes if isinstance(n, Sample)}
    scored = () if _asks(writer, sample) == "values" else ("score", "control")
    return frozenset(
        name
        for name, estimator in within.items()
        if not (estimator.enumerated or estimator.weighted or estimator.joint)
        and estimator.carrier not in scored
    )


def _asks(writer: Writer, sample: Sample) -> str:
    """What the method of ``sample`` asks of other points: values of what follows, or gradients."""
    entry = writer.estimation.estimators[sample.name].entry
    return "" if entry is None else entry.looks


def _locals(writer: Writer, nodes: list[Node], names: set[str], kept: frozenset[str]) -> set[str]:
    """The identifiers of ``names``, of their draws and of what is made for them: written anew.

    Of what is ``kept`` all steps together are still those of the function around this one.
    """
    anew = names - kept
    found = {writer.locals[n] for n in names if n in writer.locals}
    found |= {writer.draws[n] for n in anew if n in writer.draws}
    made = {f"{n}_{part}" for n in anew for part in _MADE} | {f"after_{n}" for n in anew}
    if any(isinstance(node, Loop) for node in nodes):
        made |= {f"{n}_{part}" for n in names for part in _MADE_IN_STEP}
        made |= {f"{n}_{part}" for n in anew for part in _LEFT_BY_STEPS}
    return found | (made - set(writer.locals.values()))


def _plain(writer: Writer, cost: str, shares: Shares) -> Code:
    """The cost itself on the plates kept."""
    node = writer.graph.cost_by_name[cost]
    origin = writer.estimation.cost_origin(cost)
    plates = over_all(node) - shares.kept
    counted = shares.times(writer, origin, writer.costs[cost])
    return reduce_all(writer, counted, plates, origin, attached=False)
