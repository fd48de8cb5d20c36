"""Families over matrices."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from storch_runtime.distributions import ends
from storch_runtime.distributions.base import drawn, sum_event
from storch_runtime.distributions.pathwise import ByImplicit, gamma_path
from storch_runtime.distributions.wrapped import Forwarded, Wrapped
from storch_runtime.distributions.written import Written

__all__ = ["LKJCholesky", "Wishart"]


class LKJCholesky(Wrapped):
    """The Cholesky factor of a correlation matrix.

    Parameters: ``dim``, a number from 2, and ``concentration`` above 0: ``[...]``.
    Value: ``[..., dim, dim]``, lower triangular, its rows of length 1.
    Lewandowski, Kurowicka and Joe 2009, Journal of Multivariate Analysis 100.
    """

    __slots__ = ()

    make = torch.distributions.LKJCholesky
    constants = frozenset({"dim"})
    ends = ends.CORRELATION

    concentration = Forwarded()


class Wishart(ByImplicit, Written):
    """``(L A)(L A)ᵀ`` with Bartlett's lower-triangular A, which a sample determines.

    Torch's sampler redraws what is not singular, and its divergence sums too much; these do not.

    Parameters: ``df`` above p - 1, ``[...]``; one of ``covariance_matrix``, ``precision_matrix``
    and ``scale_tril``, ``[..., p, p]``.
    Value: ``[..., p, p]``, positive definite.
    Bartlett 1933, Proceedings of the Royal Society of Edinburgh 53.
    """

    __slots__ = ()

    ends = ends.COVARIANCE
    ranks: ClassVar[Mapping[str, int]] = {
        "covariance_matrix": 2,
        "precision_matrix": 2,
        "scale_tril": 2,
    }

    def as_torch(self) -> torch.distributions.Wishart:
        """Torch's distribution."""
        return torch.distributions.Wishart(self.df, scale_tril=self.scale_tril, validate_args=False)

    @property
    def own_event(self) -> torch.Size:
        """``[p, p]``."""
        return self.like.shape[-2:]

    @property
    def like(self) -> Tensor:
        """The matrix."""
        return next(v for k, v in self.parameters.items() if k != "df")

    def log_prob(self, value: Tensor) -> Tensor:
        """With respect to the entries on and below the diagonal."""
        df, p = self.df, self.own_event[-1]
        scatter = torch.cholesky_solve(value, self.scale_tril).diagonal(dim1=-2, dim2=-1).sum(-1)
        size = torch.linalg.slogdet(value).logabsdet
        normalizer = df / 2 * (p * math.log(2) + self._logdet()) + torch.mvlgamma(df / 2, p)
        return sum_event((df - p - 1) / 2 * size - scatter / 2 - normalizer, self.event)

    def sample(self, n: int | None = None, *, noise: Tensor | None = None) -> Tensor:
        """By Bartlett's decomposition, without gradient."""
        if noise is not None:
            return super().sample(n, noise=noise)
        with torch.no_grad():
            shape = drawn(n, self.batch_shape)
            squares = torch._standard_gamma(self._halves().expand(*shape, -1)) * 2
            diagonal = squares.sqrt().diag_embed()
            return self._product(torch.randn_like(diagonal).tril(-1) + diagonal)

    def path(self, value: Tensor) -> Tensor:
        """Through Bartlett's factor: its diagonal squared is gamma, the rest is normal."""
        with torch.no_grad():
            root = torch.linalg.cholesky(value)
            factor = torch.linalg.solve_triangular(self.scale_tril, root, upper=False)
            squares = factor.diagonal(dim1=-2, dim2=-1).square() / 2
        diagonal = (2 * gamma_path(self._halves(), squares)).sqrt()
        return self._product(factor.tril(-1) + diagonal.diag_embed())

    def entropy(self) -> Tensor:
        """Of the entries on and below the diagonal."""
        df, p = self.df, self.own_event[-1]
        each = (p + 1) / 2 * (p * math.log(2) + self._logdet()) + torch.mvlgamma(df / 2, p)
        each = each - (df - p - 1) / 2 * self._digammas() + df * p / 2
        return sum_event(each, self.event)

    def kl_divergence(self, other: Wishart) -> Tensor:
        """In closed form, ``[*plates]``."""
        a, b, p = self.df, other.df, self.own_event[-1]
        ratio = torch.linalg.solve_triangular(other.scale_tril, self.scale_tril, upper=False)
        each = b / 2 * (other._logdet() - self._logdet())
        each = each + a / 2 * (ratio.square().sum((-1, -2)) - p) + (a - b) / 2 * self._digammas()
        each = each + torch.mvlgamma(b / 2, p) - torch.mvlgamma(a / 2, p)
        return sum_event(each, self.event)

    def _product(self, factor: Tensor) -> Tensor:
        root = self.scale_tril @ factor
        return root @ root.mT

    def _halves(self) -> Tensor:
        df = self.df.unsqueeze(-1)
        return (df - torch.arange(self.own_event[-1], dtype=df.dtype, device=df.device)) / 2

    def _digammas(self) -> Tensor:
        return self._halves().digamma().sum(-1)

    def _logdet(self) -> Tensor:
        return 2 * self.scale_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)

    @property
    def df(self) -> Tensor:
        """Degrees of freedom, above p - 1."""
        return self.full("df")

    @property
    def scale_tril(self) -> Tensor:
        """The Cholesky factor L of the scale matrix."""
        match next(k for k in self._given if k != "df"):
            case "scale_tril":
                root = self.like
            case "covariance_matrix":
                root = torch.linalg.cholesky(self.like)
            case _:
                inverse = torch.cholesky_inverse(torch.linalg.cholesky(self.like))
                root = torch.linalg.cholesky(inverse)
        return root.expand(*self.batch_shape, *root.shape[-2:])

    @property
    def covariance_matrix(self) -> Tensor:
        """The scale matrix."""
        return self.scale_tril @ self.scale_tril.mT

    @property
    def precision_matrix(self) -> Tensor:
        """The inverse of the scale matrix."""
        return torch.cholesky_inverse(self.scale_tril)

    @property
    def mean(self) -> Tensor:
        """``df`` times the scale matrix."""
        return self.df[..., None, None] * self.covariance_matrix

    @property
    def mode(self) -> Tensor:
        """``df - p - 1`` times the scale matrix; NaN where that is not positive."""
        factor = self.df - self.own_event[-1] - 1
        factor = factor.masked_fill(factor <= 0, torch.nan)
        return factor[..., None, None] * self.covariance_matrix

    @property
    def variance(self) -> Tensor:
        """Of each entry."""
        scale = self.covariance_matrix
        diagonal = scale.diagonal(dim1=-2, dim2=-1)
        outer = diagonal[..., :, None] * diagonal[..., None, :]
        return self.df[..., None, None] * (scale.square() + outer)

    @property
    def stddev(self) -> Tensor:
        """The square root of the variance."""
        return self.variance.sqrt()
