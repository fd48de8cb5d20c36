"""Parameters for every family: ``[3, 2]`` plates and batch event, in double precision."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributions as td
from torch import Tensor
from torch.distributions import relaxed_bernoulli, relaxed_categorical

BATCH = (3, 2)


def _positive(*shape: int, low: float = 0.5) -> Tensor:
    return torch.rand(*shape, dtype=torch.double) + low


def _matrix(low: float) -> Tensor:
    root = torch.randn(*BATCH, 4, 4, dtype=torch.double) / 4
    return root @ root.mT + low * torch.eye(4, dtype=torch.double)


def parameters(name: str) -> dict[str, Tensor | int]:
    """Keywords for a family, none of them on an edge."""
    torch.manual_seed(sum(map(ord, name)))
    odds = torch.randn(*BATCH, dtype=torch.double)
    classes = torch.randn(*BATCH, 4, dtype=torch.double)
    loc_scale: dict[str, Tensor | int] = {"loc": odds, "scale": _positive(*BATCH)}
    table: dict[str, dict[str, Tensor | int]] = {
        "Bernoulli": {"logits": odds},
        "Beta": {"concentration1": _positive(*BATCH), "concentration0": _positive(*BATCH)},
        "Binomial": {"total_count": 3, "probs": odds.sigmoid()},
        "Categorical": {"logits": classes},
        "Chi2": {"df": _positive(*BATCH, low=3)},
        "ContinuousBernoulli": {"probs": odds.sigmoid()},
        "Dirichlet": {"concentration": classes.exp() + 0.3},
        "Exponential": {"rate": _positive(*BATCH)},
        "FisherSnedecor": {"df1": _positive(*BATCH, low=5), "df2": _positive(*BATCH, low=9)},
        "Gamma": {"concentration": _positive(*BATCH, low=1), "rate": _positive(*BATCH)},
        "GeneralizedPareto": {**loc_scale, "concentration": odds / 8},
        "Geometric": {"probs": odds.sigmoid()},
        "HalfCauchy": {"scale": _positive(*BATCH)},
        "HalfNormal": {"scale": _positive(*BATCH)},
        "InverseGamma": {"concentration": _positive(*BATCH, low=5), "rate": _positive(*BATCH)},
        "Kumaraswamy": {"concentration1": _positive(*BATCH), "concentration0": _positive(*BATCH)},
        "LKJCholesky": {"dim": 3, "concentration": _positive(*BATCH)},
        "LogisticNormal": {"loc": classes, "scale": _positive(*BATCH, 4)},
        "LowRankMultivariateNormal": {
            "loc": classes,
            "cov_factor": torch.randn(*BATCH, 4, 2, dtype=torch.double),
            "cov_diag": _positive(*BATCH, 4),
        },
        "Multinomial": {"total_count": 3, "logits": classes},
        "MultivariateNormal": {"loc": classes, "covariance_matrix": _matrix(1.0)},
        "NegativeBinomial": {"total_count": _positive(*BATCH), "logits": odds},
        "OneHotCategorical": {"logits": classes},
        "OneHotCategoricalStraightThrough": {"probs": classes.exp()},
        "Pareto": {"scale": _positive(*BATCH), "alpha": _positive(*BATCH, low=5)},
        "Poisson": {"rate": _positive(*BATCH)},
        "RelaxedBernoulli": {"temperature": _positive(*BATCH), "logits": odds},
        "RelaxedOneHotCategorical": {"temperature": _positive(*BATCH), "logits": classes},
        "StudentT": {"df": _positive(*BATCH, low=5), **loc_scale},
        "Uniform": {"low": odds, "high": odds + _positive(*BATCH)},
        "VonMises": {"loc": odds, "concentration": _positive(*BATCH)},
        "Weibull": {"scale": _positive(*BATCH), "concentration": _positive(*BATCH, low=1)},
        "Wishart": {"df": _positive(*BATCH, low=6), "covariance_matrix": _matrix(1.0)},
        "ExpRelaxedCategorical": {"temperature": _positive(*BATCH), "logits": classes},
        "LogitRelaxedBernoulli": {"temperature": _positive(*BATCH), "logits": odds},
        "RelaxedOneHotCategoricalStraightThrough": {
            "temperature": _positive(*BATCH),
            "logits": classes,
        },
        "TruncatedNormal": {**loc_scale, "low": odds - 1.5, "high": odds + _positive(*BATCH)},
    }
    return table.get(name, loc_scale)


LACKING = {"RelaxedOneHotCategoricalStraightThrough", "TruncatedNormal"}
"""Families that torch does not have."""


def of_torch(name: str) -> Any:
    """Torch's class of a family."""
    found = (getattr(place, name, None) for place in (td, relaxed_bernoulli, relaxed_categorical))
    return next(item for item in found if item is not None)


def differentiable(given: dict[str, Tensor | int]) -> dict[str, Tensor | int]:
    """The same, every tensor a leaf that requires grad."""
    return {k: v.clone().requires_grad_() if isinstance(v, Tensor) else v for k, v in given.items()}
