"""Distributions by their textbook formulas; a law's parameters have event dimensions only.

Finite families list their outcomes. Continuous ones are replaced by the nodes of a quadrature: a
Normal by Gauss and Hermite's, which is exact for the moments of polynomials of degree up to
``2 * NODES - 1``.
"""

from __future__ import annotations

import math
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

NODES = 9
PARAMETERS = {
    "Bernoulli": ("probs", "logits"),
    "Categorical": ("probs", "logits"),
    "OneHotCategorical": ("probs", "logits"),
    "Binomial": ("total_count", "probs", "logits"),
    "Normal": ("loc", "scale"),
    "MixtureSameFamily": ("mixture_distribution", "component_distribution"),
    "ZeroInflated": ("gate", "base_distribution"),
    "Independent": ("base_distribution", "reinterpreted_batch_ndims"),
    "Delta": ("v",),
    "TruncatedNormal": ("loc", "scale", "low", "high"),
    "LogitRelaxedBernoulli": ("temperature", "probs", "logits"),
}
CONTINUOUS = ("Normal", "Delta", "TruncatedNormal", "LogitRelaxedBernoulli")


class Law(NamedTuple):
    """A distribution: the family's name and its parameters by name."""

    family: str
    parameters: dict[str, Any]


def law(family: str, *args: Any, **keywords: Any) -> Law:
    """The law with these arguments in every world, positional ones under torch's names."""
    named = dict(zip(PARAMETERS[family], args, strict=False)) | keywords
    return Law(family, {name: _parameter(name, value) for name, value in named.items()})


def _parameter(name: str, value: Any) -> Any:
    if name in ("total_count", "reinterpreted_batch_ndims") or isinstance(value, Law):
        return value
    return as_float(value) if isinstance(value, Tensor) else as_float(value)[None]


def as_float(value: Any) -> Tensor:
    """A number or tensor as a float64 tensor."""
    if isinstance(value, Tensor):
        return value if value.is_floating_point() else value.double()
    return torch.tensor(float(value), dtype=torch.float64)


def log_probabilities(q: Law) -> Tensor:
    """The log-probability of each outcome of each batch element: ``[*batch, outcomes]``."""
    match q.family:
        case "Bernoulli":
            yes, no = _success_logs(q)
            return torch.stack([no, yes], -1)
        case "Categorical" | "OneHotCategorical":
            return _class_probabilities(q).log()
        case "Binomial":
            (yes, no), n = _success_logs(q), int(q.parameters["total_count"])
            terms = [math.log(math.comb(n, k)) + k * yes + (n - k) * no for k in range(n + 1)]
            return torch.stack(terms, -1)
        case "MixtureSameFamily":
            weights, component = _parts(q)
            table = weights[..., None] + log_probabilities(component)
            return torch.logsumexp(table, -2)
        case "ZeroInflated":
            return _with_zeros(q)
    raise ValueError(f"{q.family} has no finite support")


def _with_zeros(q: Law) -> Tensor:
    """The table of a law whose first outcome, 0, has the gate's probability on top."""
    gate = q.parameters["gate"][..., None]
    table = (1 - gate) * log_probabilities(q.parameters["base_distribution"]).exp()
    first = torch.arange(table.shape[-1]) == 0
    return (table + gate * first).log()


def _parts(q: Law) -> tuple[Tensor, Law]:
    """The logarithms of the weights of a mixture, and its components."""
    given = q.parameters
    return log_probabilities(given["mixture_distribution"]), given["component_distribution"]


def _mixed(q: Law, x: Tensor) -> Tensor:
    """The log-density of each element of a mixture."""
    weights, component = _parts(q)
    own = int(_drawn(q) == "OneHotCategorical")
    if component.family == "Independent":
        own += int(component.parameters["reinterpreted_batch_ndims"])
    return torch.logsumexp(weights + _log_prob(component, x.unsqueeze(x.dim() - own)), -1)


def _success(q: Law) -> Tensor:
    given = q.parameters
    return given["probs"] if "probs" in given else torch.sigmoid(given["logits"])


def _success_logs(q: Law) -> tuple[Tensor, Tensor]:
    """The logarithms of the probabilities of success and of failure."""
    if "logits" in q.parameters:
        logits = q.parameters["logits"]
        return -torch.nn.functional.softplus(-logits), -torch.nn.functional.softplus(logits)
    p = q.parameters["probs"]
    return p.log(), torch.log1p(-p)


def _class_probabilities(q: Law) -> Tensor:
    given = q.parameters
    if "probs" in given:
        return given["probs"] / given["probs"].sum(-1, keepdim=True)
    return torch.exp(given["logits"] - torch.logsumexp(given["logits"], -1, keepdim=True))


def log_prob(q: Law, x: Any, reduction: str = "sum") -> Tensor:
    """The log-probability of ``x``, summed over all event dimensions or with the batch's kept."""
    return _reduced(_log_prob(q, x), reduction)


def _log_prob(q: Law, x: Any) -> Tensor:
    if q.family == "Independent":
        each = _log_prob(q.parameters["base_distribution"], x)
        count = int(q.parameters["reinterpreted_batch_ndims"])
        return each.flatten(each.dim() - count).sum(-1) if count else each
    if q.family == "MixtureSameFamily":
        return _mixed(q, as_float(x))
    if q.family == "Normal":
        loc, scale = q.parameters["loc"], q.parameters["scale"]
        deviation = (as_float(x) - loc) / scale
        return -deviation.square() / 2 - scale.log() - math.log(2 * math.pi) / 2
    table = log_probabilities(q)
    if q.family == "OneHotCategorical":
        return (as_float(x) * table).sum(-1)
    chosen = torch.arange(table.shape[-1]) == as_float(x)[..., None]
    return torch.where(chosen, table, torch.zeros(())).sum(-1)


def _reduced(each: Tensor, reduction: str) -> Tensor:
    return each.sum() if reduction == "sum" else each


def entropy(q: Law, reduction: str = "sum") -> Tensor:
    """Entropy, summed over all event dimensions or with the batch's kept."""
    if q.family == "Normal":
        loc, scale = torch.broadcast_tensors(q.parameters["loc"], q.parameters["scale"])
        return _reduced(0 * loc + scale.log() + (1 + math.log(2 * math.pi)) / 2, reduction)
    table = log_probabilities(q)
    return _reduced(-(table.exp() * table).sum(-1), reduction)


def kl_divergence(q: Law, p: Law, reduction: str = "sum") -> Tensor:
    """Divergence of two laws of one family, summed or with the batch's dimensions kept."""
    if q.family == "Normal":
        return _reduced(_normal_divergence(q, p), reduction)
    first, second = log_probabilities(q), log_probabilities(p)
    return _reduced((first.exp() * (first - second)).sum(-1), reduction)


def _normal_divergence(q: Law, p: Law) -> Tensor:
    a, b = q.parameters, p.parameters
    ratio = (a["scale"] / b["scale"]).square()
    shift = ((a["loc"] - b["loc"]) / b["scale"]).square()
    return (ratio + shift - 1 - ratio.log()) / 2


def outcomes(q: Law) -> tuple[Tensor, Tensor]:
    """All joint outcomes ``[S, *event]`` of the event and their log-probabilities ``[S]``."""
    if q.family == "Independent":
        return outcomes(q.parameters["base_distribution"])
    values, table = _nodes(q) if is_continuous(q) else (None, log_probabilities(q))
    choices = list(product(range(table.shape[-1]), repeat=table[..., 0].numel()))
    index = torch.tensor(choices).reshape(len(choices), *table.shape[:-1])
    chosen = (torch.arange(table.shape[-1]) == index[..., None]).double()
    logs = (chosen * table).flatten(1).sum(-1)
    if values is not None:
        return (chosen * values).sum(-1), logs
    match _drawn(q):
        case "Categorical":
            return index, logs
        case "OneHotCategorical":
            return chosen, logs
    return index.double(), logs


def _drawn(q: Law) -> str:
    """The family that gives the values of a law."""
    match q.family:
        case "MixtureSameFamily":
            return _drawn(_parts(q)[1])
        case "Independent" | "ZeroInflated":
            return _drawn(q.parameters["base_distribution"])
        case _:
            return q.family


# --- nodes of quadratures ------------------------------------------------------------------------


def is_continuous(q: Law) -> bool:
    """Whether its values are the nodes of a quadrature."""
    return _drawn(q) in CONTINUOUS


def _nodes(q: Law) -> tuple[Tensor, Tensor]:
    """Values of each batch element, and the logarithms of their shares: ``[*batch, nodes]``."""
    given = {name: v[..., None] for name, v in q.parameters.items() if isinstance(v, Tensor)}
    match q.family:
        case "Delta":
            return given["v"], torch.zeros_like(given["v"])
        case "Normal":
            points, shares = np.polynomial.hermite_e.hermegauss(NODES)
            return _placed(given["loc"] + given["scale"] * torch.from_numpy(points), shares)
        case "LogitRelaxedBernoulli":
            noise = torch.linspace(-20, 20, 2 * NODES, dtype=torch.float64)
            density = torch.sigmoid(noise) * torch.sigmoid(-noise)
            return _placed((given["logits"] + noise) / given["temperature"], density.numpy())
        case "TruncatedNormal":
            return _between(**given)
        case "MixtureSameFamily":
            weights, component = _parts(q)
            values, logs = _nodes(component)
            values, logs = torch.broadcast_tensors(values, weights[..., None] + logs)
            return values.flatten(-2), logs.flatten(-2)
        case "ZeroInflated":
            values, logs = _nodes(q.parameters["base_distribution"])
            values, logs, gate = torch.broadcast_tensors(values, logs, given["gate"])
            atom, rest = gate[..., :1].log(), torch.log1p(-gate) + logs
            return torch.cat([0 * atom, values], -1), torch.cat([atom, rest], -1)
    raise ValueError(f"no quadrature is known for {q.family}")


def _placed(values: Tensor, shares: Any) -> tuple[Tensor, Tensor]:
    """Values with shares that none of the parameters moves, made to add up to 1."""
    return values, torch.from_numpy(np.log(shares / shares.sum())) + 0 * values


def _between(loc: Tensor, scale: Tensor, low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    """Gauss and Legendre's nodes, weighted by the density of a normal cut off at both ends."""
    points, shares = map(torch.from_numpy, np.polynomial.legendre.leggauss(NODES))
    half = (high - low) / 2
    value = (low + half * (1 + points)).detach()
    below, above = (torch.special.ndtr((end - loc) / scale) for end in (low, high))
    density = -((value - loc) / scale).square() / 2 - scale.log() - math.log(2 * math.pi) / 2
    return value + 0 * density, density - (above - below).log() + (shares * half.detach()).log()


def attribute(q: Law, name: str) -> Tensor:
    """A property of a law under torch's name."""
    if name in ("loc", "scale") and q.family == "Normal":
        return q.parameters[name]
    match q.family, name:
        case "Categorical" | "OneHotCategorical", "logits":
            return log_probabilities(q)
        case "Categorical" | "OneHotCategorical", "probs":
            return log_probabilities(q).exp()
        case _, "logits":
            p = _success(q)
            return p.log() - torch.log1p(-p)
        case _, "probs":
            return _success(q)
    return _moment(q, name)


def _moment(q: Law, name: str) -> Tensor:
    mean, variance = _mean_and_variance(q)
    return {"mean": mean, "variance": variance, "stddev": variance.sqrt()}[name]


def _mean_and_variance(q: Law) -> tuple[Tensor, Tensor]:
    match q.family:
        case "Normal":
            return q.parameters["loc"], q.parameters["scale"].square()
        case "OneHotCategorical":
            p = _class_probabilities(q)
            return p, p * (1 - p)
    p, n = _success(q), q.parameters.get("total_count", 1)
    return n * p, n * p * (1 - p)
