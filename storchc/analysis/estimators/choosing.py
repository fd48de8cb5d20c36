"""The estimator of one sample: as the story names it, or as `Infer` chooses it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from storchc.analysis.estimator import Constant, Estimator, Values
from storchc.analysis.facts.demands import Demand
from storchc.analysis.facts.drawing import drawn
from storchc.analysis.facts.mixtures import weights_learn
from storchc.catalogue import distributions, methods, samplers
from storchc.catalogue.family import Family
from storchc.catalogue.method import MethodEntry, SamplerEntry
from storchc.ir.graph import Graph
from storchc.ir.nodes import Choice, Sample
from storchc.records import dataclass
from storchc.source import Span

DEFAULT = "Infer"
"""The method of a sample for which the story names none."""


@dataclass(frozen=True, slots=True)
class Site:
    """A sample for which an estimator is wanted.

    ``demand`` is what its costs ask of it, None where it reaches none; ``count`` the number of
    elements of its plate, and ``mixes`` says whether a path to some cost reduces that.
    """

    graph: Graph
    node: Sample
    family: Family
    demand: Demand | None
    count: int
    mixes: bool

    @property
    def span(self) -> Span:
        """Where what is said of the method points."""
        return self.node.method.span if self.node.method else self.node.span


def estimator_at(site: Site) -> Estimator:
    """The estimator that stands at a sample."""
    choice = site.node.method
    if (replacing := _replacing(site.node)) is not None:
        return _enumerated(site, replacing)
    entry = methods.lookup(DEFAULT if choice is None else choice.name)
    if entry is not None and entry.infers:
        return _inferred(site, entry, choice)
    assert choice is not None
    if entry is None:
        return _users(site, choice)
    return _made(site, entry, choice.constants, choice.values, entry.summary)


def named_method(node: Sample) -> MethodEntry | None:
    """The method of the catalogue that the story asks for by its name, if it stands there."""
    if node.method is None or _replacing(node) is not None:
        return None
    entry = methods.lookup(node.method.name)
    return None if entry is None or entry.infers else entry


def asked_method(node: Sample) -> MethodEntry | None:
    """The same, and what `using Enumerate` puts there, by the name of the sampler."""
    sampler = _replacing(node)
    if sampler is None:
        return named_method(node)
    entry = methods.lookup(sampler.method)
    return None if entry is None else replace(entry, name=sampler.name)


def _replacing(node: Sample) -> SamplerEntry | None:
    """The sampler that replaces the method, which must leave open what is drawn."""
    sampler = None if node.sampler is None else samplers.lookup(node.sampler.name)
    if sampler is None or not sampler.method:
        return None
    entry = None if node.method is None else methods.lookup(node.method.name)
    return sampler if entry is None or entry.samplers != "none" else None


def _users(site: Site, choice: Choice) -> Estimator:
    return Estimator(
        choice.name,
        None,
        "score",
        choice.constants,
        choice.values,
        *_sampler(site),
        site.count,
        None,
        None,
        "a method of the user's, taken for a score-function method on any support",
        site.span,
    )


def _enumerated(site: Site, replacing: SamplerEntry) -> Estimator:
    """`Expect`, whatever the method is; what is said of it points at the sampler."""
    entry, sampler = methods.lookup(replacing.method), site.node.sampler
    assert entry is not None and sampler is not None
    why = f"`using {replacing.name}`: every value is evaluated, weighted by its probability"
    made = _made(site, entry, sampler.constants, {}, why)
    return replace(
        made, sampler=None, sampler_constants={}, sampler_values={}, count=1, span=sampler.span
    )


def _inferred(site: Site, inferring: MethodEntry, choice: Choice | None) -> Estimator:
    constants = dict(choice.constants) if choice else {}
    obstacle = _obstacle(site)
    pathwise, scored = inferring.infers
    if obstacle is None:
        entry = methods.lookup(pathwise)
        fact = f"`{site.family.name}` is reparameterizable and every path is differentiable"
    else:
        entry = methods.lookup(scored)
        constants["baseline"] = "batch_average" if _compared(site) else "moving_average"
        fact = obstacle
    assert entry is not None
    return _made(site, entry, constants, {}, f"`{inferring.name}`: {fact}")


def _compared(site: Site) -> bool:
    """Whether its draws may be each other's baselines (LOSS.md §4)."""
    if site.count < 2 or site.mixes or (site.node.joins and _proposed(site)):
        return False
    return drawn(site.graph, site.node.plate).independent


def _obstacle(site: Site) -> str | None:
    """What stands in the way of reparameterization, unbiased as `Infer` must be."""
    if not site.family.pathwise:
        return f"`{site.family.name}` is not reparameterizable"
    if site.family.biased_path:
        return f"the pathwise gradient of `{site.family.name}` is biased"
    if weights_learn(site.graph, site.node.distribution):
        return (
            "the weights of the mixture learn, by which its values have a gradient of large "
            "variance; `k ~ Categorical(…) with Expect()` and a pathwise component `k` have not"
        )
    if site.demand:
        return site.demand.breaks[0].reason
    return "the draws are weighted" if _proposed(site) else None


def _proposed(site: Site) -> bool:
    sampler = None if site.node.sampler is None else samplers.lookup(site.node.sampler.name)
    return sampler is not None and sampler.proposal


def _made(
    site: Site, entry: MethodEntry, constants: Mapping[str, Constant], values: Values, why: str
) -> Estimator:
    orders = [entry.order, site.family.pathwise_order if "pathwise" in entry.needs else None]
    order = min((o for o in orders if o is not None), default=None)
    if any(constants.get(flag) is True for flag in entry.first_order_if):
        order = 1
    pathwise = "pathwise" in entry.needs and entry.carrier == "pathwise"
    return Estimator(
        entry.name,
        entry,
        entry.carrier,
        {k: v for k, v in constants.items() if k not in ("n", "budget")},
        values,
        *_sampler(site),
        site.count,
        budget if isinstance(budget := constants.get("budget"), int) else None,
        order,
        why,
        site.span,
        pathwise and site.family.biased_path,
    )


def _sampler(site: Site) -> tuple[SamplerEntry | None, Mapping[str, Constant], Values]:
    """The sampler with its own constants and values."""
    chosen = site.node.sampler
    if chosen is None:
        return None, {}, {}
    constants = {k: v for k, v in chosen.constants.items() if k != "n"}
    return samplers.lookup(chosen.name), constants, chosen.values


def family_of(node: Sample) -> Family:
    """The family of a sample's distribution."""
    family = distributions.row(node.distribution.type)
    return family
