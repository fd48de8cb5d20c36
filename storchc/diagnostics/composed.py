"""Words for distributions that are made of others (S345 to S348, S443)."""

from __future__ import annotations

from collections.abc import Iterable

from storchc.diagnostics.diagnostic import Label, Problem
from storchc.diagnostics.suggest import did_you_mean, listed
from storchc.ir.nodes import Sample
from storchc.ir.ranges import Range
from storchc.ir.size import Shape
from storchc.ir.types import DistributionType, write_shape
from storchc.source import Span

CODES: dict[str, str] = {
    "S345": "a distribution that others cannot be made of so",
    "S346": "transforms that cannot be",
    "S347": "the density of a point",
    "S348": "a proposal with other atoms than its target",
    "S443": "a point with a score",
}


def named_part(span: Span, name: str) -> Problem:
    """A distribution by its name, whose parameters nobody can ask for."""
    message = f"`{name}` cannot be a part of another distribution by its name"
    return Problem("S345", message, span, "write the distribution in its place")


def users_part(span: Span, name: str) -> Problem:
    """``MixtureSameFamily(Categorical(…), policy(x))``."""
    message = f"`{name}` is a distribution of yours, and no other can be made of it"
    return Problem("S345", message, span, f"let `{name}` itself draw from the whole")


def not_a_count(span: Span) -> Problem:
    """``Independent(q, n)`` with an ``n`` of data."""
    message = "how many dimensions are joined must be an integer constant"
    return Problem("S345", message, span, "write a number or a constant dim")


def joins_too_many(span: Span, count: int, batch: Shape) -> Problem:
    """``Independent(Normal(0, 1), 1)``."""
    dims = f"{len(batch)} batch dimension{'s' * (len(batch) != 1)}"
    message = (
        f"{count} dimension{'s' * (count != 1)} cannot be joined of {dims} {write_shape(batch)}"
    )
    help = "plates are never joined; a dimension of the distribution comes from its parameters"
    return Problem("S345", message, span, help)


def mixes_by(span: Span, family: str) -> Problem:
    """``MixtureSameFamily(OneHotCategorical(…), …)``."""
    message = f"`MixtureSameFamily` chooses by a `Categorical`, not by `{family}`"
    return Problem("S345", message, span, "write `Categorical(logits=…)`")


def no_components(span: Span, found: DistributionType, count: Shape) -> Problem:
    """``MixtureSameFamily(Categorical(…), Normal(0, 1))``."""
    message = (
        f"`{found.family}` has no batch dimension to mix along: there are "
        f"{count[0]} components, and one distribution"
    )
    help = (
        f"give its parameters a last dimension for the components, as `zeros({write_shape(count)})`"
    )
    if found.joined:
        help = "`Independent` has joined all of them; join fewer, or add one for the components"
    return Problem("S345", message, span, help)


def other_components(span: Span, seen: Shape, count: Shape, mixing: Span) -> Problem:
    """As many weights as components."""
    message = (
        f"the last batch dimension, that of the components, is {seen[-1]}, but there are "
        f"{count[0]} weights"
    )
    help = (
        f"the components stand along the last dimension of {write_shape(seen)}; "
        "`Independent(…, n)` joins dimensions that belong to one value"
    )
    return Problem("S345", message, span, help, (Label(mixing, "the weights"),))


def mixed_apart(span: Span, seen: Shape, weights: Shape) -> Problem:
    """Batches that do not broadcast."""
    message = f"components {write_shape(seen)} and weights {write_shape(weights)} do not broadcast"
    help = "make the event shapes equal, or 1 where one value serves all"
    return Problem("S345", message, span, help)


def discrete_base(span: Span, family: str) -> Problem:
    """``TransformedDistribution(Bernoulli(…), …)``."""
    message = f"`{family}` has no density that a transform could change"
    return Problem("S345", message, span, "sample it, and compute what becomes of its values")


def joined_base(span: Span, family: str) -> Problem:
    """``TransformedDistribution(Dirichlet(…), …)``."""
    message = (
        f"the elements of a `{family}` cannot be transformed one by one: they are tied together"
    )
    return Problem("S345", message, span, "sample it, and compute what becomes of its values")


def no_zeros(span: Span, family: str) -> Problem:
    """``ZeroInflated(0.2, Dirichlet(…))``."""
    message = f"values of `{family}` are no single floats of which some could be 0"
    return Problem("S345", message, span, "give a distribution of numbers, such as `Poisson(…)`")


def gate_apart(span: Span, gate: Shape, batch: Shape) -> Problem:
    """A gate of another size than what it inflates."""
    message = f"the gate {write_shape(gate)} does not fit a distribution over {write_shape(batch)}"
    help = "make the event shapes equal, or 1 where one value serves all"
    return Problem("S345", message, span, help)


def no_gate(span: Span, number: float) -> Problem:
    """``ZeroInflated(2, q)``."""
    message = f"`gate` of `ZeroInflated` must be between 0 and 1, but it is {number:g}"
    return Problem("S345", message, span, "give a probability, or its log-odds by `gate_logits=`")


def has_atoms(span: Span, family: str) -> Problem:
    """``MixtureSameFamily(…, Delta(m))``, ``ZeroInflated(g, ZeroInflated(h, Normal(0, 1)))``."""
    message = f"`{family}` has values of positive probability: no density can be made of it"
    return Problem("S345", message, span, "make the choice a sample of its own, with `Expect()`")


def no_density_at_all(span: Span) -> Problem:
    """``log_prob(Delta(m), z)``."""
    message = "`Delta` has no density"
    help = "leave its log-density out: the others alone tell how good a point is"
    return Problem("S347", message, span, help)


def scored_point(node: Sample, span: Span) -> Problem:
    """``z ~ Delta(w) with ScoreFunction()``."""
    message = f"`{node.name}` has a single value: no score tells what that should be"
    help = (
        "use `Reparameterization()`, which needs every path to a cost to be differentiable; or "
        "name the value in a `compute` step"
    )
    return Problem("S443", message, span, help)


def point_as_proposal(span: Span) -> Problem:
    """``proposal=Delta(0)``."""
    message = "a `Delta` draws nothing but its value: it can stand for no distribution"
    return Problem("S348", message, span, "draw from a distribution that reaches all values")


def other_atoms(span: Span, target: str, proposal: str) -> Problem:
    """A proposal with a density for a target with an atom, or the other way round."""
    message = (
        f"a proposal `{proposal}` cannot stand for `{target}`: 0 has a probability in one alone"
    )
    return Problem("S348", message, span, "use a `ZeroInflated` distribution for both, or for none")


def no_transforms(span: Span, known: Iterable[str]) -> Problem:
    """``TransformedDistribution(q, [])``."""
    return Problem("S346", "the list of transforms is empty", span, _known(known))


def no_transform(span: Span, known: Iterable[str]) -> Problem:
    """``TransformedDistribution(q, x)`` and the like."""
    return Problem("S346", "this is no transform, nor a list of some", span, _known(known))


def transform_not_called(span: Span, name: str, parameters: Iterable[str]) -> Problem:
    """``[TanhTransform]``."""
    help = f"write `{name}({', '.join(parameters)})`"
    return Problem("S346", f"`{name}` lacks its parentheses", span, help)


def refused_transform(span: Span, name: str, reason: str, known: Iterable[str]) -> Problem:
    """``[AbsTransform()]``."""
    message = f"`{name}` is no transform of a story: {reason}"
    return Problem("S346", message, span, _known(known))


def unknown_transform(span: Span, name: str, known: Iterable[str]) -> Problem:
    """``[TanTransform()]``, ``[tanh(x)]``."""
    known = sorted(known)
    message = f"there is no transform called `{name}`"
    return Problem("S346", message, span, did_you_mean(name, known, _known(known)))


def flat_transform(span: Span, transform: str, parameter: str) -> Problem:
    """``AffineTransform(1, 0)``."""
    message = f"`{parameter}` of `{transform}` is 0: all values become the same"
    return Problem("S346", message, span, "give a number other than 0")


def outside_domain(span: Span, transform: str, lies: Range) -> Problem:
    """``TransformedDistribution(Normal(0, 1), [PowerTransform(2)])``."""
    message = f"`{transform}` takes positive numbers, but is given some of {lies}"
    return Problem(
        "S346", message, span, "let `ExpTransform()` or `SoftplusTransform()` come before"
    )


def transforms_apart(span: Span, given: Shape, values: Shape) -> Problem:
    """``AffineTransform(m, 1)`` of a parameter of another size."""
    message = (
        f"a transform with {write_shape(given)} numbers does not fit values {write_shape(values)}"
    )
    help = "make the event shapes equal, or 1 where one value serves all"
    return Problem("S346", message, span, help)


def _known(names: Iterable[str]) -> str:
    return f"write a list of {listed(sorted(names), 'or')}"
