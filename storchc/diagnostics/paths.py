"""Words for paths and methods: S4xx."""

from __future__ import annotations

from storchc.analysis.paths import Demand
from storchc.catalogue.method import MethodEntry
from storchc.diagnostics.diagnostic import Label, Problem
from storchc.ir.graph import Choice, Sample
from storchc.source import Span

CODES = {
    "S401": "method does not suit the family",
    "S402": "a path to a cost is not differentiable",
    "S403": "family cannot be reparameterized",
    "S404": "support is not finite",
    "S405": "support is larger than the budget",
    "S406": "size of the support is not known",
    "S407": "method must open its own plate",
    "S408": "method draws by itself",
    "S409": "batch average needs two samples",
    "S410": "importance sampling of a pathwise sample",
    "S411": "batch statistics couple rows below a sample",
    "S412": "count is not fixed in a long chain",
}


def wrong_family(entry: MethodEntry, family: str, span: Span) -> Problem:
    """GumbelSoftmax on a Normal, say."""
    suited = " or ".join(f"`{f}`" for f in entry.families)
    help_ = f"it is for {suited}; use `ScoreFunction(n=1, baseline=moving_average)` here"
    if family == "Categorical" and "OneHotCategorical" in entry.families:
        help_ = "sample a `OneHotCategorical` instead, whose values can be relaxed"
    return Problem("S401", f"`{entry.name}` is not defined for `{family}`", span, help_)


def path_broken(
    node: Sample, entry: MethodEntry, demand: Demand, choice: Choice, span: Span
) -> Problem:
    """A method that differentiates through its value, with a break on the way."""
    labels = tuple(Label(b.span, b.reason) for b in demand)
    count = choice.constants.get("n", 1)
    return Problem(
        "S402",
        f"`{entry.name}` needs every path from `{node.name}` to a cost to be differentiable",
        span,
        f"use `ScoreFunction(n={count})`, or make the path smooth where it is marked",
        labels,
    )


def not_reparameterizable(node: Sample, family: str, span: Span) -> Problem:
    """Reparameterization of a discrete family."""
    return Problem(
        "S403",
        f"`{family}` cannot be reparameterized",
        span,
        f"leave the method out and let storchc choose, or use `ScoreFunction` for `{node.name}`",
    )


def infinite_support(entry: MethodEntry, family: str, span: Span) -> Problem:
    """Expect on a Normal."""
    return Problem(
        "S404",
        f"`{entry.name}` sums over every value, but `{family}` has infinitely many",
        span,
        "use `Reparameterization` for a continuous family, `ScoreFunction` for any",
    )


def over_budget(node: Sample, entry: MethodEntry, size: int, budget: int, span: Span) -> Problem:
    """A joint support that is too large."""
    return Problem(
        "S405",
        f"the joint support of `{node.name}` has {size} configurations, more than the budget of {budget}",
        span,
        f"use `{entry.name}(budget={size})` if that is affordable, or `ScoreFunction`",
    )


def unknown_support(node: Sample, entry: MethodEntry, span: Span) -> Problem:
    """A support that depends on a free dim."""
    return Problem(
        "S406",
        f"the number of configurations of `{node.name}` depends on a size known at run time only",
        span,
        f"give the dim a value (`dim K = 2`), which `{entry.name}` needs, or use `ScoreFunction`",
    )


def cannot_join(node: Sample, entry: MethodEntry, span: Span) -> Problem:
    """Expect with ``in``."""
    return Problem(
        "S407",
        f"`{entry.name}` enumerates and needs a plate of its own; it cannot stand `in {node.plate}`",
        span,
        f"leave out `in {node.plate}`, or draw `{node.name}` with `ScoreFunction`",
    )


def draws_itself(entry: MethodEntry, sampler: Choice) -> Problem:
    """``using`` behind a method that does not leave the drawing open."""
    return Problem(
        "S408",
        f"`{entry.name}` draws by itself and takes no `using`",
        sampler.span,
        f"leave out `using {sampler.name}`, or use `ScoreFunction`",
    )


def lone_batch_average(node: Sample, span: Span) -> Problem:
    """Leave-one-out over one."""
    return Problem(
        "S409",
        f"the batch average compares the samples of `{node.plate}` with each other, and there is one",
        span,
        "draw at least two (`n=2`), or use `baseline=moving_average`",
    )


def pathwise_importance(sampler: Choice) -> Problem:
    """Importance sampling of a pathwise node."""
    return Problem(
        "S410",
        "a value drawn from a proposal is no differentiable function of the distribution's parameters",
        sampler.span,
        "use `ScoreFunction` with `ImportanceSampling`",
    )


def coupled_rows(module: str, layer: str, sample: str, span: Span, default: Span) -> Problem:
    """Batch normalisation below a score-function sample."""
    return Problem(
        "S411",
        f"`{module}` normalises over the batch, which couples the rows below the sample `{sample}`",
        span,
        "use a layer that treats rows by themselves (`nn.LayerNorm`), or evaluate it in eval mode",
        (Label(default, f"`{layer}` uses batch statistics in training mode"),),
        "warning",
    )
