"""The methods that are compared: as they were asked for, or all that are legal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from storchc.catalogue import methods as catalogue
from storchc.catalogue.method import MethodEntry
from storchc.driver import Result, check_story
from storchc.ir.graph import Graph
from storchc.ir.nodes import Sample
from storchc.records import dataclass

Methods = Mapping[str, str]
"""Methods by the names of their samples."""

SIZES = {"k": 4, "sum_size": 3, "sample_size": 1, "buffer_size": 4}
"""What counts without a default are where nobody says them."""

HANDFUL = (
    "Expect()",
    "Reparameterization()",
    "ScoreFunction(baseline=moving_average)",
    "ScoreFunction(n=4, baseline=batch_average)",
    "DisARM(n=2)",
    "UnorderedSetEstimator(k=4)",
    "LocalExpectation()",
    "GumbelSoftmax(temperature=0.5)",
    "Infer()",
)
"""What is worth a look at any sample, as far as it is legal there."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Methods to try, under the ``name`` that the table gives them, and what a check says."""

    name: str
    methods: Methods
    result: Result


def asked(graph: Graph, alternatives: Mapping[str, Sequence[str]]) -> Iterator[Methods]:
    """The cross product of what was asked for at each sample."""
    for chosen in product(*alternatives.values()):
        yield dict(zip(alternatives, chosen, strict=True))


def handful(graph: Graph) -> Iterator[Methods]:
    """The story's own methods, and at each sample a few others while the rest stay."""
    yield {}
    yield from ({sample.name: method} for sample in graph.samples for method in HANDFUL)


def every(graph: Graph) -> Iterator[Methods]:
    """The story's own methods, and at each sample all of the catalogue while the rest stay."""
    yield {}
    entries = [entry for name in catalogue.names() if (entry := catalogue.lookup(name))]
    for sample in graph.samples:
        for entry in entries:
            for text in _calls(graph, sample, entry):
                yield {sample.name: text}


def _calls(graph: Graph, sample: Sample, entry: MethodEntry) -> Iterator[str]:
    """Calls of a method with the options that it must have, once with each baseline."""
    if entry.infers:
        return
    given = []
    for option in entry.options:
        if option.kind == "module":
            critics = [m.name for m in graph.callees.values() if m.kind == "module"]
            given.append([f"{option.name}={name}" for name in critics])
        elif option.default is None and option.name in SIZES and not sample.joins:
            given.append([f"{option.name}={SIZES[option.name]}"])
        elif option.name == "baseline":
            several = "baseline=batch_average" if sample.joins else "n=4, baseline=batch_average"
            given.append(["", "baseline=moving_average", several])
    for options in product(*given):
        yield f"{entry.name}({', '.join(filter(None, options))})"


def legal(name: str, data: bytes, wanted: Iterable[Methods], graph: Graph) -> list[Candidate]:
    """Those that the compiler takes, each once, however it is written."""
    found: dict[object, Candidate] = {}
    for methods in wanted:
        candidate = checked_one(name, data, methods, graph)
        if not candidate.result.failed:
            found.setdefault(_meant(candidate), candidate)
    return list(found.values())


def _meant(candidate: Candidate) -> object:
    """What the compiler makes of it: equal for two ways to write the same."""
    known = candidate.result.estimation
    assert known is not None
    return tuple(
        (
            *(
                e.name,
                e.count,
                e.budget,
                frozenset(e.constants.items()),
                e.sampler and e.sampler.name,
            ),
            *(frozenset(e.sampler_constants.items()), frozenset(map(str, e.values.values()))),
            frozenset(map(str, e.sampler_values.values())),
        )
        for e in known.estimators.values()
    )


def checked_one(name: str, data: bytes, methods: Methods, graph: Graph) -> Candidate:
    """One candidate with what the compiler says of it."""
    return Candidate(_called(graph, methods), methods, check_story(name, data, methods))


def own(graph: Graph) -> dict[str, str]:
    """The methods that the story names itself, as it writes them."""
    return {sample.name: _written(graph, sample) for sample in graph.samples}


def _written(graph: Graph, sample: Sample) -> str:
    if sample.method is None:
        return "Infer()"
    text = " ".join(graph.source.cut(sample.method.span).split())
    if sample.sampler is None:
        return text
    return f"{text} using {' '.join(graph.source.cut(sample.sampler.span).split())}"


def _called(graph: Graph, methods: Methods) -> str:
    """A name for the table: the method alone where there is one sample."""
    chosen = {**own(graph), **methods}
    if len(chosen) == 1:
        return next(iter(chosen.values()))
    shown = methods or chosen
    return ", ".join(f"{name}={method}" for name, method in shown.items())
