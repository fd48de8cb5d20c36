"""The families of distributions that generated modules build."""

from storch_runtime.distributions.base import Distribution
from storch_runtime.distributions.bernoulli import Bernoulli
from storch_runtime.distributions.categorical import (
    Categorical,
    OneHotCategorical,
    OneHotCategoricalStraightThrough,
)
from storch_runtime.distributions.continuous_bernoulli import ContinuousBernoulli
from storch_runtime.distributions.counts import (
    Binomial,
    Geometric,
    Multinomial,
    NegativeBinomial,
    Poisson,
)
from storch_runtime.distributions.divergence import kl_divergence
from storch_runtime.distributions.generalized_pareto import GeneralizedPareto
from storch_runtime.distributions.matrices import LKJCholesky, Wishart
from storch_runtime.distributions.normal import Normal
from storch_runtime.distributions.positive import (
    Chi2,
    Exponential,
    FisherSnedecor,
    Gamma,
    HalfCauchy,
    HalfNormal,
    InverseGamma,
    LogNormal,
    Pareto,
    Weibull,
)
from storch_runtime.distributions.real import Cauchy, Gumbel, Laplace, StudentT, Uniform, VonMises
from storch_runtime.distributions.relaxed import RelaxedBernoulli, RelaxedOneHotCategorical
from storch_runtime.distributions.unit import Beta, Kumaraswamy
from storch_runtime.distributions.vectors import (
    Dirichlet,
    LogisticNormal,
    LowRankMultivariateNormal,
    MultivariateNormal,
)

__all__ = [
    "Bernoulli",
    "Beta",
    "Binomial",
    "Categorical",
    "Cauchy",
    "Chi2",
    "ContinuousBernoulli",
    "Dirichlet",
    "Distribution",
    "Exponential",
    "FisherSnedecor",
    "Gamma",
    "GeneralizedPareto",
    "Geometric",
    "Gumbel",
    "HalfCauchy",
    "HalfNormal",
    "InverseGamma",
    "Kumaraswamy",
    "LKJCholesky",
    "Laplace",
    "LogNormal",
    "LogisticNormal",
    "LowRankMultivariateNormal",
    "Multinomial",
    "MultivariateNormal",
    "NegativeBinomial",
    "Normal",
    "OneHotCategorical",
    "OneHotCategoricalStraightThrough",
    "Pareto",
    "Poisson",
    "RelaxedBernoulli",
    "RelaxedOneHotCategorical",
    "StudentT",
    "Uniform",
    "VonMises",
    "Weibull",
    "Wishart",
    "kl_divergence",
]
