"""The families of distributions that generated modules build."""

from storch_runtime.distributions.base import Distribution
from storch_runtime.distributions.bernoulli import Bernoulli
from storch_runtime.distributions.categorical import Categorical, OneHotCategorical
from storch_runtime.distributions.divergence import kl_divergence
from storch_runtime.distributions.normal import Normal

__all__ = [
    "Bernoulli",
    "Categorical",
    "Distribution",
    "Normal",
    "OneHotCategorical",
    "kl_divergence",
]
