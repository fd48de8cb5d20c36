"""A sample in words: its method, why that is right there, and what it is credited with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from storchc.analysis.estimation import Estimation
from storchc.analysis.estimator import Constant, Estimator
from storchc.analysis.facts.ownership import Ownership
from storchc.analysis.facts.support import support_size
from storchc.diagnostics.suggest import listed
from storchc.explain.plates import Counts
from storchc.explain.text import counted, spoken, times
from storchc.ir.expression import Construct, Named, Value
from storchc.ir.graph import Graph
from storchc.ir.nodes import ModuleOption, Sample, is_beside


def sample_facts(
    graph: Graph, estimation: Estimation, counts: Counts, node: Sample
) -> list[tuple[str, str]]:
    """What there is to say about ``node`` beside its type."""
    estimator = estimation.estimators[node.name]
    lives = node.name in estimation.live.parameters
    return [
        ("distribution", node.distribution.type.family),
        ("drawn", _drawn(node, estimator, counts)),
        ("each", _each(node)),
        ("factors", _factors(graph, estimation, node)),
        ("by elimination", _eliminated(estimation, node)),
        ("method", _method(graph, node, estimator)),
        ("told", _told(graph, estimator)),
        ("gradient", _gradient(estimator, node.name in estimation.biases)),
        ("evaluations", _looks(node, estimator)),
        ("trains", _trains(estimation.ownership, node, estimator)),
        ("holds fixed", _holds(estimation.ownership, node)),
        ("legal because", _why(node, estimator, counts)),
        ("distinct", _distinct(estimation, node)),
        ("credited with", _credited(graph, estimation, node) if lives else _idle()),
        ("warning", _warning(graph, node, estimator, estimation.biases.get(node.name, ""))),
    ]


def _drawn(node: Sample, estimator: Estimator, counts: Counts) -> str:
    if node.joins and estimator.joint:
        return f"in plate `{node.plate}`: it extends the joint sample, and chooses anew among all"
    if node.joins:
        return f"in plate `{node.plate}`: one value for each of its elements"
    size = counts.size(node.plate)
    if node.name in counts.estimation.sequences:
        return f"not at all: {size} sequences of outcomes are enumerated"
    if estimator.enumerated:
        return f"not at all: {'every' if size is None else size} outcomes are enumerated"
    sequences = node.loops and estimator.joint
    how = "; each step chooses anew among whole sequences" if sequences else ""
    return f"{times(size or 1)}, in its own plate `{node.plate}`{how}"


def _each(node: Sample) -> str:
    """The plates for whose elements it is drawn, whatever its distribution has."""
    if not node.each:
        return ""
    plates = spoken([f"`{plate}`" for plate in node.each])
    return f"a value of its own for every element of {plates}, from the same distribution"


def _factors(graph: Graph, estimation: Estimation, node: Sample) -> str:
    """Whether the factors of an enumerated sample are evaluated apart, and where they are not."""
    separation = estimation.separation
    if node.name in separation.samples:
        separated = separation.samples[node.name]
        how = "alone, or with those that a cost joins it with" if separated.copies else "alone"
        joint = support_size(graph.construction(node.distribution)) or 0
        instead = str(joint) if joint <= _READABLE else "more than 10^12"
        return f"each factor {how}: {separated.configurations} evaluations instead of {instead}"
    if node.name in separation.joins:
        join = separation.joins[node.name]
        return f"all together: {join.words} (line {graph.source.position(join.span.start).line})"
    return ""


_READABLE = 10**12


def _eliminated(estimation: Estimation, node: Sample) -> str:
    """How often steps are evaluated whose sample is summed out one by one."""
    chain = estimation.elimination.chains.get(node.name)
    if chain is None:
        obstacle = estimation.elimination.obstacles.get(node.name)
        if obstacle is None:
            return ""
        line = estimation.graph.source.position(obstacle.span.start).line
        return f"no: {obstacle.words} (line {line})"
    each = str(chain.states) if not chain.carried else f"{chain.states} x {chain.states}"
    places = estimation.elimination.likelihoods[node.name].places
    joined = "; the forward algorithm in the log domain" if places else ""
    if chain.steps is None:
        return f"{each} evaluations in each step, whose number is known at the call{joined}"
    joint = chain.states**chain.steps
    instead = str(joint) if joint <= _READABLE else "more than 10^12"
    evaluated = chain.steps * chain.pairs
    return f"{chain.steps} steps of {each}: {evaluated} evaluations instead of {instead}{joined}"


def _method(graph: Graph, node: Sample, estimator: Estimator) -> str:
    text = _choice(graph, node, estimator.name, _counted(node, estimator), estimator.values)
    if node.sampler is None:
        return text
    sampler = _choice(graph, node, node.sampler.name, node.sampler.constants, node.sampler.values)
    return f"{text} using {sampler}"


def _counted(node: Sample, estimator: Estimator) -> dict[str, Constant]:
    """The options of the method, ``n`` among them where it is the method's to state."""
    options = dict(estimator.constants)
    entry = estimator.entry
    if entry is None or estimator.enumerated or node.joins or node.sampler:
        return options
    counts = "n" in entry.elements
    return {"n": estimator.count, **options} if counts else options


def _choice(
    graph: Graph,
    node: Sample,
    name: str,
    constants: Mapping[str, Constant],
    values: Mapping[str, Value | Construct | Named],
) -> str:
    options = [
        f"{option}={_critic(graph, node, option, value, values)}"
        if isinstance(value, ModuleOption)
        else f"{option}={_constant(value)}"
        for option, value in constants.items()
    ]
    options += [
        f"{option}={_value(graph, value)}"
        for option, value in values.items()
        if option == "baseline" or not is_beside(option)
    ]
    return f"{name}({', '.join(options)})"


def _told(graph: Graph, estimator: Estimator) -> str:
    """What a critic knows besides the value."""
    given = estimator.constants.items()
    names = [n for o, v in given if isinstance(v, ModuleOption) for n in v.context(o).values()]
    if not names:
        return ""
    told = listed([_value(graph, estimator.values[name]) for name in names])
    return f"{told}, as known before the draw and without a gradient, beside each value"


def _critic(
    graph: Graph,
    node: Sample,
    option: str,
    given: ModuleOption,
    values: Mapping[str, Value | Construct | Named],
) -> str:
    """A module as an option, with what it is told."""
    if given.asked is None:
        return given.name
    told = {place: _value(graph, values[name]) for place, name in given.context(option).items()}
    arguments = (told.get(place, node.name) for place in range(given.arguments))
    return f"{given.name}({', '.join(arguments)})"


def _constant(value: Constant) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _value(graph: Graph, value: Value | Construct | Named) -> str:
    text = " ".join(graph.source.cut(value.span).split())
    return text or "an expression"


def _gradient(estimator: Estimator, biased: bool) -> str:
    order = "any order" if estimator.order is None else f"order {estimator.order} at most"
    if estimator.entry is None:
        return "as right as your method is"
    bias = "BIASED" if biased else "unbiased"
    where = {
        "score": "through the log-probability of its values",
        "control": "through a control variate that holds all of it",
        "pathwise": "through its values",
        "weights": "through the probabilities of its outcomes",
    }[estimator.carrier]
    return f"{bias}, {where}; derivatives of {order}"


def _why(node: Sample, estimator: Estimator, counts: Counts) -> str:
    if estimator.entry is None or estimator.why != estimator.entry.summary:
        return estimator.why
    family, needs = node.distribution.type.family, estimator.entry.needs
    reasons = []
    if "pathwise" in needs:
        reasons.append(f"`{family}` is reparameterizable")
    if estimator.entry.families:
        relaxed = "smooth" in needs
        reasons.append(f"`{family}` has a relaxation" if relaxed else f"it is made for `{family}`")
    if "finite" in needs:
        size = support_size(counts.graph.construction(node.distribution))
        reasons.append("the support is finite" + (f" ({counted(size, 'outcome')})" if size else ""))
    if "smooth" in needs:
        reasons.append(f"every path from `{node.name}` to a cost is differentiable")
    if "logmeanexp" in needs:
        reasons.append(f"no cost joins draws of `{node.name}` but by one `logmeanexp`")
    if not reasons:
        reasons.append(f"`{family}` has a log-probability; no path needs to be differentiable")
    return spoken(reasons)


def _distinct(estimation: Estimation, node: Sample) -> str:
    """Which calls are made once for equal draws, and why others are not."""
    verdicts = estimation.distinct.get(node.name, ())
    spared = list(dict.fromkeys(v.call.callee for v in verdicts if not v.obstacle))
    kept = list(dict.fromkeys(v.obstacle for v in verdicts if v.obstacle))
    parts = [f"{listed(spared)} called once for each distinct row"] if spared else []
    if kept:
        parts.append(f"{'others' if spared else 'calls'} for every row, as {spoken(kept)}")
    return "; ".join(parts)


def _looks(node: Sample, estimator: Estimator) -> str:
    """How often a method evaluates what is downstream, where it also looks at values not drawn."""
    if estimator.entry is None or not estimator.entry.looks:
        return ""
    return f"of what is downstream of `{node.name}`: {estimator.entry.evaluations}"


def _trains(owners: Ownership, node: Sample, estimator: Estimator) -> str:
    """What the method's own loss moves."""
    if estimator.entry is None or not estimator.trains:
        return ""
    own = [] if estimator.baseline == "learned" else ["parameters of its own"]
    named = [f"`{name}`" for name in sorted(owners.trained.get(node.name, ()))]
    if not own + named:
        return "nothing"
    return f"{spoken(own + named)} (`model.method_parameters()`), by `estimate.backward()`"


def _holds(owners: Ownership, node: Sample) -> str:
    """What its option is made of that is not its own to train."""
    held = sorted(owners.held.get(node.name, ()))
    return f"{listed(held)}, which the model uses too" if held else ""


def _idle() -> str:
    return "nothing: no parameter, module or input learns through its distribution"


def _credited(graph: Graph, estimation: Estimation, node: Sample) -> str:
    """The costs that the sample's gradient is made of, those that mix its plates apart."""
    groups = estimation.groups.get(node.name)
    if groups is None:
        costs = [c.name for c in graph.costs if node.name in estimation.dependence.costs[c.name]]
        return _paid(graph, costs) or "no cost: nothing depends on it"
    parts = []
    for mixed, credited in groups.items():
        over = f" (over all of {listed(graph.order(mixed))} at once)" if mixed else ""
        parts.append(_paid(graph, dict.fromkeys(c.name for c in credited)) + over)
    return "; ".join(parts) or "no cost: nothing depends on it"


def _paid(graph: Graph, names: Iterable[str]) -> str:
    """Costs by the names that the story has for them."""
    costs = [graph.cost_by_name[name] for name in names]
    whole = [f"`{c.name}`" for c in costs if c.whole is None]
    parts = dict.fromkeys(f"a part of `{c.whole}`" for c in costs if c.whole is not None)
    return spoken([*whole, *parts])


def _warning(graph: Graph, node: Sample, estimator: Estimator, bias: str) -> str:
    entry = estimator.entry
    if entry is None:
        return "storchc knows nothing about this method; its options were not checked"
    if entry.stops_own_score and node.name not in graph.own_scores:
        return (
            f"no `log_prob(q, {node.name})` with the name of its distribution stands in the story: "
            f"{entry.name} does what Reparameterization does"
        )
    return bias
