"""``storchc explain FILE``: what will be estimated, how, and why that is right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from types import MappingProxyType

from storchc.analysis.estimation import Estimation
from storchc.analysis.estimator import Estimator
from storchc.best import Taken
from storchc.catalogue.ranking import RANKED
from storchc.diagnostics.suggest import listed
from storchc.explain.jumps import derivatives, guarded, word
from storchc.explain.plates import Counts
from storchc.explain.sample import sample_facts
from storchc.explain.text import facts, spoken
from storchc.ir.graph import Graph
from storchc.ir.names import is_alive, is_made
from storchc.ir.nodes import Callee, Compute, Cost, Loop, Node, Report, Sample
from storchc.ir.types import DistributionType, Plates, ValueType, write_shape

WIDEST = 96
_NONE: Mapping[str, Taken] = MappingProxyType({})
_GREEDY = (
    "each sample takes its most probable value given those before it: greedy, which need not be "
    "the most probable of all together"
)


def explain(
    graph: Graph,
    estimation: Estimation,
    taken: Mapping[str, Taken] = _NONE,
    advice: Iterable[str] = (),
) -> str:
    """The whole story, node by node; ``taken`` stands in the place of `Best`, by sample."""
    counts = Counts(graph, estimation)
    lines = [f"story {graph.name}"]
    lines += [f"  {line.strip()}" for line in (graph.doc or "").strip().splitlines()]
    lines += ["", *_objective(graph, estimation, counts), "", *_given(graph, estimation)]
    if taken:
        lines += ["", f"in place of {RANKED}", *facts((n, _taken(t)) for n, t in taken.items())]
    lines += [line for text in advice for line in ("", *facts([("cheaper", text)], indent=0))]
    if graph.samples:
        lines += ["", "in place of draws", *facts([("given=MODE", _GREEDY)])]
    at_its_word = list(word(graph, estimation))
    if at_its_word:
        lines += ["", "taken at the story's word", *facts(at_its_word)]
    visible = (node for node in graph.all_nodes if not _is_hidden(graph, node))
    for _, nodes in groupby(visible, lambda node: node.span):
        lines += ["", *_statement(graph, estimation, counts, *nodes)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _taken(choice: Taken) -> str:
    """A method that was chosen, why, and what would have come next."""
    second = f"; next came {choice.second}" if choice.second else "; nothing else was right"
    return f"{choice.method}: {choice.reason}{second}"


def _objective(graph: Graph, estimation: Estimation, counts: Counts) -> Iterator[str]:
    yield "minimised: the expectation of the sum of"
    yield from facts(
        (name, counts.reduction(_plates_of(parts))) for name, parts in graph.parts_of_costs.items()
    )
    biased = [f"`{name}` ({_blamed(estimation.estimators[name])})" for name in estimation.biases]
    if biased:
        yield f"  BIASED: the gradient is not that of this objective, because of {spoken(biased)}"
    yield from facts(derivatives(graph, estimation))
    yield from _plates(graph, counts)


def _blamed(estimator: Estimator) -> str:
    """What makes a gradient biased: the sampler, or the method whatever the sampler."""
    sampler = estimator.sampler
    return estimator.name if sampler is None or sampler.sampling.exact != "no" else sampler.name


def _plates(graph: Graph, counts: Counts) -> Iterator[str]:
    rows = [
        (p.name, f"declared; its elements are {_reduced(p.reduction)}")
        for p in graph.data_plates.values()
    ]
    rows += [(plate, counts.describe(plate)) for plate in graph.sample_plates]
    if rows:
        yield ""
        yield "plates"
        yield from facts(rows)


def _reduced(how: str) -> str:
    return "averaged" if how == "mean" else "summed"


def _given(graph: Graph, estimation: Estimation) -> Iterator[str]:
    yield "given"
    yield from facts(
        [
            *(
                (d.name, f"dim, {'bound at the call' if d.value is None else d.value}")
                for d in graph.dims.values()
            ),
            *(
                (i.name, f"input, {describe(graph, i.type)}{guarded(graph, estimation, i)}")
                for i in graph.inputs
            ),
            *((p.name, f"param, {describe(graph, p.type)}") for p in graph.params),
            *((c.name, _callee(c)) for c in graph.callees.values()),
            *((u.name, f"a method of yours from `{u.module}`") for u in graph.uses.values()),
        ]
    )


def _callee(callee: Callee) -> str:
    flags = "".join(f" {flag}" for flag in sorted(callee.flags))
    return f"{callee.kind}{flags}, {callee.signature}"


def describe(graph: Graph, type_: ValueType | DistributionType) -> str:
    """A type in words: plates in the order of memory, event shape, dtype."""
    if isinstance(type_, DistributionType):
        return f"{type_.family} over {describe(graph, type_.sample)}"
    plates = graph.order(type_.plates)
    where = f"plates ({', '.join(plates)})" if plates else "no plates"
    return f"{type_.dtype} {write_shape(type_.shape)}, {where}"


def _statement(
    graph: Graph, estimation: Estimation, counts: Counts, node: Node, *others: Node
) -> Iterator[str]:
    """A statement; of several values there are ``others``, where what has stopped keeps its own."""
    yield _quoted(graph, node)
    paid = [n for n in (node, *others) if isinstance(n, Cost)]
    match paid[0] if paid else node:
        case Compute():
            parts = [n for n in (node, *others) if isinstance(n, Compute)]
            values = [v for n in parts for v in zip(n.names, n.types, strict=True)]
            rows = [(n if len(values) > 1 else "value", describe(graph, t)) for n, t in values]
        case Sample() as sample:
            rows = [("value", describe(graph, sample.type))]
            rows += sample_facts(graph, estimation, counts, sample)
        case Cost() as cost if len(paid) == 1:
            rows = _cost_facts(graph, estimation, counts, cost)
        case Cost():
            rows = _summand_facts(graph, estimation, counts, paid)
        case Loop() as loop:
            rows = _loop_facts(graph, loop)
        case Report(_, value, _):
            rows = [
                ("value", describe(graph, value.type)),
                ("role", "to look at; no part of the total"),
            ]
    yield from facts(rows, indent=6)


def _is_hidden(graph: Graph, node: Node) -> bool:
    """Whether the compiler made this node for a statement that has another one too."""
    return isinstance(node, Compute) and is_made(node.names[0]) and not is_alive(node.names[0])


def _loop_facts(graph: Graph, loop: Loop) -> list[tuple[str, str]]:
    """How many steps, and what they carry."""
    rows = [("steps", str(loop.bound))]
    rows += [
        (f"carries {c.name}", describe(graph, c.type))
        for c in loop.carried
        if c.span != loop.header  # where the story does not say so: only what has stopped looks
    ]
    if loop.alive is not None:
        rows.append(("stops", "each element by itself; what has stopped keeps its last values"))
    return rows


def _quoted(graph: Graph, node: Node) -> str:
    number = graph.source.position(node.span.start).line
    span = node.header if isinstance(node, Loop) else node.span
    text = " ".join(graph.source.cut(span).split())
    if len(text) > WIDEST - 6:
        text = text[: WIDEST - 7] + "…"
    return f"{number:>4}  {text}"


def _plates_of(parts: Sequence[Cost]) -> Plates:
    return frozenset[str]().union(*(part.value.type.plates for part in parts))


def _summand_facts(
    graph: Graph, estimation: Estimation, counts: Counts, parts: Sequence[Cost]
) -> list[tuple[str, str]]:
    """Of a cost whose summands credit otherwise: what each of them credits."""
    whole = replace(parts[0].value.type, plates=_plates_of(parts))
    rows = [
        ("value", describe(graph, whole)),
        ("in the total", _in_the_total(counts, parts[0], whole.plates)),
        ("comes apart", f"into {len(parts)} summands that are credited each by itself"),
    ]
    for part in parts:
        about = dict(_cost_facts(graph, estimation, counts, part))
        told = [about["depends on"], f"scores {about['scores']}" if about["scores"] else ""]
        text = " ".join(graph.source.cut(part.value.span).split())
        rows.append(("a summand", f"`{text}`: {'; '.join(filter(None, told))}"))
        rows += [(key, about[key]) for key in ("evaluated", "mixes")]
    return rows


def _cost_facts(
    graph: Graph, estimation: Estimation, counts: Counts, node: Cost
) -> list[tuple[str, str]]:
    scores = dict.fromkeys(seen.name for seen, _ in estimation.credit.scores[node.name])
    return [
        ("value", describe(graph, node.value.type)),
        ("in the total", _in_the_total(counts, node, node.value.type.plates)),
        ("depends on", _dependence(graph, estimation, node)),
        ("scores", f"multiplied with those of {listed(scores)}" if scores else ""),
        ("evaluated", _evaluated(estimation, counts, node)),
        ("mixes", _mixes(graph, node, estimation)),
    ]


def _evaluated(estimation: Estimation, counts: Counts, node: Cost) -> str:
    touched = estimation.touched.costs[node.name]
    plates = node.value.type.plates.union(*touched.values())
    apart = plates - estimation.elimination.added_in(node)
    return counts.evaluations(apart, estimation.elimination.pairs_in(node))


def _in_the_total(counts: Counts, node: Cost, plates: Plates) -> str:
    reduced = counts.reduction(plates)
    return f"sum over the steps, {reduced}" if node.loops else reduced


def _dependence(graph: Graph, estimation: Estimation, node: Cost) -> str:
    """The samples that a cost credits, and those that it only moves with, behind a cut."""
    origin = estimation.origin(lambda known: known.costs[node.name])
    credited = [s.name for s in graph.samples if s.name in origin.credited]
    data = estimation.uncredited.costs.get(node.name, frozenset())
    moved = origin.touched.keys() - origin.credited
    fixed = [s.name for s in graph.samples if s.name in moved & data]
    cut = [s.name for s in graph.samples if s.name in moved - data]
    parts = [listed(credited)] if credited else []
    if fixed:
        parts.append(f"{listed(fixed)} by `without_credit`, as data")
    if cut:
        parts.append(f"{listed(cut)} behind `stop_gradient` alone, which earns no credit")
    return "; ".join(parts) or "no sample: it is exact"


def _mixes(graph: Graph, node: Cost, estimation: Estimation) -> str:
    """Which sample plates the cost reduces on its way: the objective may depend on their sizes."""
    ancestors = estimation.dependence.costs[node.name]
    mixed = [p for p in graph.sample_plates if any(p in plates for plates in ancestors.values())]
    if not mixed:
        return ""
    return (
        f"it depends on all elements of {listed(mixed)} at once (`over=`), and credits them all; "
        "another number of draws or another method there may be another objective"
    )
