"""Which estimator stands at each sample: `Infer` resolved, every demand of the method checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from typing import Literal

from storchc.analysis.estimators.sampling import check_sampler, drawn
from storchc.analysis.facts.demands import SMOOTH, Break, Demand, Demands, join
from storchc.analysis.facts.dependence import Dependence
from storchc.analysis.facts.support import free_dims, support_size
from storchc.analysis.rules.critics import check_critics
from storchc.analysis.rules.indices import check_indices
from storchc.catalogue import distributions, methods, samplers
from storchc.catalogue.family import Family
from storchc.catalogue.method import MethodEntry, SamplerEntry, SamplingClass
from storchc.diagnostics import credit as credit_words
from storchc.diagnostics import paths as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.expression import Construct, Distribution, Named, OverPlates, Value
from storchc.ir.graph import (
    Choice,
    Compute,
    Cost,
    Graph,
    Loop,
    ModuleOption,
    Node,
    Report,
    Sample,
)
from storchc.ir.index import construction
from storchc.ir.walk import expressions, walk
from storchc.records import dataclass
from storchc.source import Span

Constant = int | float | bool | str | None | ModuleOption
Carrier = Literal["score", "pathwise", "weights", "control"]


@dataclass(frozen=True, slots=True)
class Estimator:
    """The estimator of one sample, as the generated module will use it.

    ``name`` is the runtime class; ``entry`` is None for a method of the user's. ``constants`` are
    its options, defaults left out; ``values`` are story expressions. ``count`` is the number of
    elements of its plate, ``budget`` of an enumeration. ``why`` says why it stands here.
    """

    name: str
    entry: MethodEntry | None
    carrier: Carrier
    constants: Mapping[str, Constant]
    values: Mapping[str, Value | Construct | Named]
    sampler: SamplerEntry | None
    sampler_constants: Mapping[str, Constant]
    sampler_values: Mapping[str, Value | Construct | Named]
    count: int
    budget: int | None
    order: int | None
    why: str
    span: Span

    @property
    def weighted(self) -> bool:
        """Whether its draws carry weights of their own: ratios, or shares of a set."""
        if self.sampler is not None and self.sampler.weighted:
            return True
        return self.entry is not None and self.entry.weighted

    @property
    def sampling(self) -> SamplingClass:
        """How its draws depend on one another."""
        if self.sampler is not None:
            return self.sampler.sampling
        return "iid" if self.entry is None else self.entry.sampling

    @property
    def joint(self) -> bool:
        """Whether draws are chosen together, and anew by what joins them: steps of a loop too."""
        return any(part is not None and part.joint for part in (self.entry, self.sampler))

    @property
    def controlled(self) -> bool:
        """Whether it has a control variate; a method of the user's may have one."""
        if self.entry is None or self.baseline != "none":
            return True
        return self._switched(self.entry, self.entry.control)

    @property
    def trains(self) -> bool:
        """Whether it trains parameters of its own; a method of the user's may."""
        if self.entry is None or "baseline" in self.values:
            return True
        return self._switched(self.entry, self.entry.learns)

    def _switched(self, entry: MethodEntry, flag: str) -> bool:
        """Whether a flag, or `always`, is on."""
        if flag in ("", "always"):
            return flag == "always"
        default = next(o.default for o in entry.options if o.name == flag)
        return bool(self.constants.get(flag, default))

    @property
    def distinct(self) -> bool:
        """Whether what follows it is to be computed once for each distinct value."""
        return self.sampler_constants.get("distinct") is True

    @property
    def unbiased(self) -> bool:
        """Whether its expected gradient is the true one, with the options that it has."""
        if self.sampling == "biased":
            return False
        if self.entry is None:
            return True
        usual = {option.name: option.default for option in self.entry.options}
        changed = {k for k, v in self.constants.items() if v != usual.get(k)}
        return self.entry.unbiased and not changed & self.entry.biased_if

    @property
    def enumerated(self) -> bool:
        """Whether it evaluates its whole support, each value with its probability."""
        return self.carrier == "weights"

    @property
    def baseline(self) -> Constant:
        """The baseline of a score function: a word, or ``"learned"``."""
        return "learned" if "baseline" in self.values else self.constants.get("baseline", "none")


@dataclass(slots=True)
class _Site:
    """One sample under inspection."""

    graph: Graph
    node: Sample
    family: Family
    made: Construct
    demand: Demand | None
    openers: Mapping[str, int]
    mixes: bool
    problems: Problems
    span: Span = field(init=False)

    def __post_init__(self) -> None:
        self.span = self.node.method.span if self.node.method else self.node.span


def resolve(graph: Graph, dependent: Dependence, problems: Problems) -> dict[str, Estimator]:
    """The estimator of every sample, from the end of the story to its start."""
    counts = {s.name: stated_count(s) for s in graph.samples if not s.joins}
    walk = _Backwards(graph, Demands(graph), counts, mixed_samples(graph, dependent), problems)
    walk.take(graph.nodes)
    return {s.name: walk.found[s.name] for s in graph.samples}


@dataclass(slots=True)
class _Backwards:
    """The walk from the end of the story to its start: demands first, then what meets them."""

    graph: Graph
    demands: Demands
    counts: Mapping[str, int]
    mixing: frozenset[str]
    problems: Problems
    found: dict[str, Estimator] = field(default_factory=dict)
    settled: dict[str, dict[str, Demand | None]] = field(default_factory=dict)

    def take(self, nodes: tuple[Node, ...]) -> None:
        demands = self.demands
        for node in reversed(nodes):
            match node:
                case Cost(name, value, observed):
                    demands.push(value, SMOOTH if observed else demands.of.get(name, SMOOTH))
                case Compute(names, value):
                    demand = demands.take(names)
                    if demand is not None:
                        demands.push(value, demand)
                case Sample():
                    self._sample(node)
                case Loop():
                    self._loop(node)

    def _sample(self, node: Sample) -> None:
        demands, problems = self.demands, self.problems
        site = _site(self.graph, node, demands, self.counts, self.mixing, problems)
        self.found[node.name] = estimator = _estimator(site)
        if estimator.weighted and not estimator.joint:
            _check_weights(node, demands.weights_of(node.plate), problems)
        if node.mask is not None and site.demand is not None:
            stopping = Break(node.mask.span, "no gradient flows through `stop when`")
            demands.push(node.mask, join(site.demand, (stopping,)))
        demands.of.pop(node.name, None)
        _push_parameters(node, estimator, demands, site.demand)

    def _loop(self, loop: Loop) -> None:
        """A step is asked for what the next one asks for, and what stands behind the loop."""
        demands, problems = self.demands, self.problems
        names = [carried.name for carried in loop.carried]
        behind = {name: demands.of.get(name) for name in names}
        asked = self.settled.setdefault(loop.name, dict.fromkeys(names))
        while True:
            self.problems = Problems()
            weights = dict(demands.weights)
            for name in names:
                demands.ask(name, behind[name], asked[name])
            self.take(loop.body)
            before = dict(asked)
            for name in names:
                asked[name] = _both(asked[name], demands.of.pop(name, None))
            if asked == before and weights == demands.weights:
                break
        for problem in self.problems.found:
            problems.add(problem)
        self.problems = problems
        for carried in loop.carried:
            demand = asked[carried.name]
            if demand is not None:
                demands.push(carried.initial, demand)


def _both(asked: Demand | None, more: Demand | None) -> Demand | None:
    if asked is None or more is None:
        return more if asked is None else asked
    return join(asked, more)


def stated_count(node: Sample) -> int:
    """The number of elements of the plate that ``node`` opens, as the story states it."""
    if node.sampler is not None:
        return _elements(node.sampler, samplers.lookup(node.sampler.name))
    if node.method is not None:
        return _elements(node.method, methods.lookup(node.method.name))
    return 1


def _elements(choice: Choice, entry: MethodEntry | SamplerEntry | None) -> int:
    """What a method or sampler says of the number of its elements; 1 where that is not known."""
    if entry is None:
        count = choice.constants.get("n", 1)
        return count if isinstance(count, int) else 1
    defaults = {option.name: option.default for option in entry.options}
    parts = [
        part if isinstance(part, int) else choice.constants.get(part, defaults.get(part))
        for part in entry.elements
    ]
    return sum(part for part in parts if isinstance(part, int)) or 1


def mixed_samples(graph: Graph, dependent: Dependence) -> frozenset[str]:
    """The samples whose own plate is reduced on the way to some cost."""
    plates = {s.name: s.plate for s in graph.samples}
    return frozenset(
        name
        for ancestors in dependent.costs.values()
        for name, mixed in ancestors.items()
        if mixed and plates[name] in mixed
    )


def _site(
    graph: Graph,
    node: Sample,
    demands: Demands,
    counts: Mapping[str, int],
    mixing: frozenset[str],
    problems: Problems,
) -> _Site:
    family = distributions.lookup(node.distribution.type.family)
    assert family is not None
    return _Site(
        graph,
        node,
        family,
        construction(graph, node.distribution),
        demands.of.get(node.name),
        counts,
        node.name in mixing,
        problems,
    )


def _push_parameters(
    node: Sample, estimator: Estimator, demands: Demands, asked: Demand | None
) -> None:
    pathwise = estimator.carrier == "pathwise"
    for value in (node.distribution, *_smooth_options(estimator)):
        if estimator.enumerated or estimator.weighted:
            demands.push(value, demands.weights_of(node.plate))
        elif not pathwise:
            demands.push(value, SMOOTH)
        elif asked is not None:
            demands.push(value, asked)


def _check_weights(node: Sample, demand: Demand, problems: Problems) -> None:
    """Importance weights carry the gradient of their sample into a reduction over its plate."""
    if demand and node.sampler is not None:
        problems.add(words.weights_broken(node, node.sampler, demand))


def _smooth_options(estimator: Estimator) -> list[Value | Distribution]:
    return [v for name, v in estimator.values.items() if name == "temperature"]


def _estimator(site: _Site) -> Estimator:
    choice, sampler = site.node.method, site.node.sampler
    inferred = choice is None or choice.name == "Infer"
    entry = None if choice is None or inferred else methods.lookup(choice.name)
    if sampler is not None:
        check_sampler(site.node, sampler, site.family, site.made, entry, site.problems)
        if sampler.name == "Enumerate" and (entry is None or entry.open_drawing):
            return _enumerated(site, sampler)
    if choice is None or inferred:
        return _inferred(site, choice)
    if entry is None:
        return _users(site, choice)
    _check(site, entry, choice)
    return _made(site, entry, choice.constants, choice.values, entry.summary)


def _users(site: _Site, choice: Choice) -> Estimator:
    return Estimator(
        choice.name,
        None,
        "score",
        choice.constants,
        choice.values,
        *_sampler(site),
        _count(site),
        None,
        None,
        "a method of the user's, taken for a score-function method on any support",
        site.span,
    )


def _enumerated(site: _Site, sampler: Choice) -> Estimator:
    """`Expect`, whatever the method is; its demands are told in the sampler's name."""
    entry = methods.lookup("Expect")
    assert entry is not None
    site.span = sampler.span
    told = replace(entry, name=sampler.name)
    _check_finite(site, told)
    if site.node.joins:
        site.problems.add(words.cannot_join(site.node, told, site.span))
    why = "`using Enumerate`: every value is evaluated, weighted by its probability"
    made = _made(site, entry, sampler.constants, {}, why)
    return replace(made, sampler=None, sampler_constants={}, sampler_values={}, count=1)


def _inferred(site: _Site, choice: Choice | None) -> Estimator:
    constants = dict(choice.constants) if choice else {}
    obstacle = _obstacle(site)
    if obstacle is None:
        entry = methods.lookup("Reparameterization")
        why = f"`Infer`: `{site.family.name}` is reparameterizable and every path is differentiable"
    else:
        entry = methods.lookup("ScoreFunction")
        batch = _count(site) > 1 and not site.mixes and not (site.node.joins and _proposed(site))
        batch = batch and drawn(site.graph, site.node.plate) == "iid"
        constants["baseline"] = "batch_average" if batch else "moving_average"
        why = f"`Infer`: {obstacle}"
    assert entry is not None
    return _made(site, entry, constants, {}, why)


def _obstacle(site: _Site) -> str | None:
    """What stands in the way of reparameterization, unbiased as `Infer` must be."""
    if not site.family.pathwise:
        return f"`{site.family.name}` is not reparameterizable"
    if site.family.finite is not None:
        return f"the pathwise gradient of `{site.family.name}` is biased"
    if site.demand:
        return site.demand[0].reason
    return "the draws are weighted" if _proposed(site) else None


def _proposed(site: _Site) -> bool:
    return site.node.sampler is not None and site.node.sampler.name == "ImportanceSampling"


def _made(
    site: _Site,
    entry: MethodEntry,
    constants: Mapping[str, Constant],
    values: Mapping[str, Value | Construct | Named],
    why: str,
) -> Estimator:
    order = entry.order
    if entry.name == "Reparameterization":
        order = site.family.pathwise_order
    if any(constants.get(flag) is True for flag in entry.first_order_if):
        order = 1
    return Estimator(
        entry.name,
        entry,
        entry.carrier,
        {k: v for k, v in constants.items() if k not in ("n", "budget")},
        values,
        *_sampler(site),
        _count(site),
        budget if isinstance(budget := constants.get("budget"), int) else None,
        order,
        why,
        site.span,
    )


def _sampler(
    site: _Site,
) -> tuple[SamplerEntry | None, Mapping[str, Constant], Mapping[str, Value | Construct | Named]]:
    """The sampler with its own constants and values."""
    chosen = site.node.sampler
    if chosen is None:
        return None, {}, {}
    constants = {k: v for k, v in chosen.constants.items() if k != "n"}
    return samplers.lookup(chosen.name), constants, chosen.values


def _count(site: _Site) -> int:
    return site.openers.get(site.node.plate, 1)


def _check(site: _Site, entry: MethodEntry, choice: Choice) -> None:
    add = site.problems.add
    family, node = site.family, site.node
    if entry.families and family.name not in entry.families:
        add(words.wrong_family(entry, node, site.made, choice))
    elif "pathwise" in entry.needs and not _has_path(family, entry):
        finite = family.finite is not None
        add(words.not_reparameterizable(node, site.made, choice, finite=finite))
    elif "smooth" in entry.needs and site.demand:
        add(words.path_broken(node, entry, site.demand, *_broken_in(site), choice))
    if "finite" in entry.needs:
        _check_finite(site, entry)
    check_indices(site.graph, node, entry, choice, site.problems)
    if node.joins and entry.coupled:
        add(words.cannot_join_coupled(node, entry.name, site.span))
    elif node.joins and entry.opens_only:
        add(words.cannot_join(node, entry, site.span))
    if choice.constants.get("baseline") == "batch_average":
        _check_batch_average(site)
    if entry.compares and node.joins and _count(site) < 2:
        add(words.lone_join(node, entry, site.span, _opened(site)))
    check_critics(site.graph, node, site.made, choice, site.problems)


def _has_path(family: Family, entry: MethodEntry) -> bool:
    """Whether values carry a gradient, and if it is biased, as of discrete ones, by its name."""
    return family.pathwise and (family.finite is None or entry.name == "Reparameterization")


def _broken_in(site: _Site) -> tuple[tuple[str, ...], bool]:
    """The values in whose statements a path is broken, and whether one is in a `stop when`."""
    places = [b.span for b in site.demand or ()]
    broken = [
        node.names[0] if isinstance(node, Compute) else node.name
        for node in site.graph.all_nodes
        if not isinstance(node, Loop)
        and any(node.span.start <= p.start and p.end <= node.span.end for p in places)
    ]
    stops = {loop.alive for loop in site.graph.loops}
    return tuple(n for n in broken if n not in stops), not stops.isdisjoint(broken)


def _check_finite(site: _Site, entry: MethodEntry) -> None:
    node, made, add = site.node, site.made, site.problems.add
    if site.family.finite is None:
        pathwise = site.family.pathwise
        add(words.infinite_support(node, entry, made, site.span, pathwise=pathwise))
        return
    budgeted = any(option.name == "budget" for option in entry.options)
    if budgeted and support_size(made) is None:
        add(words.unknown_support(node, entry, made, free_dims(site.graph, made), site.span))


def _check_batch_average(site: _Site) -> None:
    node, graph = site.node, site.graph
    if _count(site) < 2:
        site.problems.add(words.lone_batch_average(node, _opened(site), site.span))
    elif site.mixes:
        places = tuple(reductions_of(graph, node.plate))
        site.problems.add(credit_words.mixed_batch_average(node, site.span, places))


def _opened(site: _Site) -> Span:
    """Where the plate of the sample is opened."""
    return next(s.name_span for s in site.graph.samples if s.name == site.node.plate)


def reductions_of(graph: Graph, plate: str) -> Iterator[Span]:
    """The places where ``plate`` is reduced on the way to a cost."""
    for node in graph.all_nodes:
        for root in () if isinstance(node, Report) else expressions(node):
            for e in walk(root):
                if isinstance(e, OverPlates) and plate in e.plates:
                    yield e.span
