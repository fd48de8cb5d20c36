"""Families over vectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from storch_runtime.distributions import ends, inverse
from storch_runtime.distributions.base import Parameter, sum_event
from storch_runtime.distributions.pathwise import dirichlet_path
from storch_runtime.distributions.unrounded import (
    Unrounded,
    dirichlet_slope,
    log_gamma,
)
from storch_runtime.distributions.wrapped import (
    Forwarded,
    Noisy,
    Single,
    half_of,
    widened,
)
from storch_runtime.errors import StoryTypeError
from storch_runtime.remembered import logarithm_of

__all__ = ["Dirichlet", "LogisticNormal", "LowRankMultivariateNormal", "MultivariateNormal"]


class Dirichlet(Unrounded):
    """A vector of probabilities, which knows its logarithms.

    Parameters: ``concentration`` above 0: ``[..., D]``.
    Value: ``[..., D]``, positive, adding up to 1.
    Derivative of a sample: Figurnov, Mohamed and Mnih 2018, arXiv:1805.08498.
    """

    __slots__ = ()
    how = "logs"
    ends = ends.SIMPLEX

    make = torch.distributions.Dirichlet
    ranks: ClassVar[Mapping[str, int]] = {"concentration": 1}

    concentration = Forwarded()

    def peak(self) -> Tensor:
        """The mode where every concentration is above 1."""
        flat = (self.concentration <= 1).any(-1, keepdim=True)
        return self.mode.masked_fill(flat, torch.nan)

    def draw(self, shape: tuple[int, ...]) -> Tensor:
        """The logarithms."""
        return log_gamma(self.concentration, shape).log_softmax(-1)

    def rounded(self, source: Tensor) -> Tensor:
        """See `Unrounded.rounded`."""
        return source.exp().clamp(min=torch.finfo(source.dtype).tiny)

    def source_path(self, source: Tensor) -> Tensor:
        """See `Unrounded.source_path`."""
        concentration = self.concentration
        change = (concentration - concentration.detach()) * dirichlet_slope(concentration, source)
        return source + change - (source.exp() * change).sum(-1, keepdim=True)

    def path(self, value: Tensor) -> Tensor:
        """The implicit derivative as it is."""
        return dirichlet_path(self.concentration, value)

    def log_prob(self, value: Tensor) -> Tensor:
        """Of the logarithms that the value knows; else torch's."""
        logs = logarithm_of(value)
        if logs is None:
            return super().log_prob(value)
        concentration = self.concentration
        each = ((concentration - 1) * logs).sum(-1) - concentration.lgamma().sum(-1)
        return sum_event(each + concentration.sum(-1).lgamma(), self.event)


class Correlated(Single):
    """``loc + scale_tril @ noise`` with standard normal noise of the sample's shape.

    Torch neither factors nor solves in half precision: single precision does, here.
    """

    __slots__ = ()

    inverse = True

    loc = Forwarded()
    covariance_matrix = Forwarded()
    precision_matrix = Forwarded()
    scale_tril = Forwarded()

    def noise(self, value: Tensor) -> Tensor:
        """``scale_tril⁻¹ (value - loc)``."""
        half = self.half()
        if half is not None:
            return self.widened().noise(value.float()).to(half)
        shift = (value - self.loc).unsqueeze(-1)
        noise: Tensor = torch.linalg.solve_triangular(self.scale_tril, shift, upper=False)
        return noise.squeeze(-1)

    def from_noise(self, noise: Tensor) -> Tensor:
        """``loc + scale_tril @ noise``."""
        return self.loc + (self.scale_tril @ noise.unsqueeze(-1)).squeeze(-1)

    def noise_from_uniform(self, uniform: Tensor) -> Tensor:
        """Standard normal."""
        return inverse.normal(uniform)


class MultivariateNormal(Correlated):
    """By covariance, precision or Cholesky factor.

    Parameters: ``loc`` ``[..., D]``; one of ``covariance_matrix``, ``precision_matrix`` and
    ``scale_tril``, ``[..., D, D]``.
    Value: ``[..., D]``.
    """

    __slots__ = ()

    make = torch.distributions.MultivariateNormal
    ranks: ClassVar[Mapping[str, int]] = {
        "loc": 1,
        "covariance_matrix": 2,
        "precision_matrix": 2,
        "scale_tril": 2,
    }

    def __init__(self, *, event: int = 0, **given: Parameter) -> None:
        factored = _factored(given)
        super().__init__(event=event, **factored)
        if factored is not given:
            self._given = given


def _factored(given: dict[str, Parameter]) -> dict[str, Parameter]:
    """By the Cholesky factor, where torch would have to take that in half precision."""
    half = half_of(given)
    if half is None or "scale_tril" in given:
        return given
    wide = torch.distributions.MultivariateNormal(**widened(given), validate_args=False)  # type: ignore[arg-type]
    return {"loc": wide.loc.to(half), "scale_tril": wide.scale_tril.to(half)}


class LowRankMultivariateNormal(Correlated):
    """With covariance ``cov_factor @ cov_factor.T + diag(cov_diag)``.

    Noise goes through the Cholesky factor, of which ``rsample`` without noise has no need.

    Parameters: ``loc`` ``[..., D]``, ``cov_factor`` ``[..., D, r]``, ``cov_diag`` above 0, ``[...,
    D]``.
    Value: ``[..., D]``.
    """

    __slots__ = ()

    make = torch.distributions.LowRankMultivariateNormal
    ranks: ClassVar[Mapping[str, int]] = {"loc": 1, "cov_factor": 2, "cov_diag": 1}

    def __init__(self, *, event: int = 0, **given: Parameter) -> None:
        if half_of(given) is not None:
            raise StoryTypeError(
                "`LowRankMultivariateNormal` is not there in half precision, in which torch "
                "factors no matrix: make its parameters floats of single precision, or use "
                "`MultivariateNormal`"
            )
        super().__init__(event=event, **given)

    cov_factor = Forwarded()
    cov_diag = Forwarded()


class LogisticNormal(Noisy):
    """A stick broken by D normal variables into D + 1 pieces; the noise is standard normal, [D].

    Parameters: ``loc``, and ``scale`` above 0: ``[..., D]``.
    Value: ``[..., D + 1]``, positive, adding up to 1.
    Aitchison and Shen 1980, Biometrika 67.
    """

    __slots__ = ()
    ends = ends.SIMPLEX

    make = torch.distributions.LogisticNormal
    ranks: ClassVar[Mapping[str, int]] = {"loc": 1, "scale": 1}
    inverse = True

    loc = Forwarded()
    scale = Forwarded()

    def noise(self, value: Tensor) -> Tensor:
        """Of the normal variables that break the stick like ``value``."""
        normal: Tensor = torch.distributions.StickBreakingTransform().inv(value)
        return (normal - self.loc) / self.scale

    def from_noise(self, noise: Tensor) -> Tensor:
        """The pieces of the stick."""
        normal = self.loc + self.scale * noise
        pieces: Tensor = torch.distributions.StickBreakingTransform()(normal)
        return pieces

    def peak(self) -> Tensor:
        """That of the normal variables, transformed."""
        return self.from_noise(torch.zeros_like(self.loc).expand(self.noise_shape))

    @property
    def noise_shape(self) -> torch.Size:
        """One normal variable fewer than there are pieces."""
        return self.batch_shape + self.loc.shape[-1:]

    def noise_from_uniform(self, uniform: Tensor) -> Tensor:
        """Standard normal."""
        return inverse.normal(uniform)
