"""What other libraries and papers call things, and what is written here."""

from __future__ import annotations

_CUT = "write `stop_gradient(…)`: no gradient and no credit"
_SIZES = "sizes are known by name: declare `dim D`, list it in an input, and use `D` as a number"
_DRAWN = "write `sample z ~ q with Reparameterization()`, where `q` is the distribution or its name"
_CONVERTED = "leave it out: values have the dtype and device of the inputs and parameters"
_SLICES = "take slices, `x[:K]` and `x[K:]`, or let the module give two results: `-> [K], [K]`"

FUNCTIONS = {
    "bce": "here it is `binary_cross_entropy(…)`",
    "bce_loss": "here it is `binary_cross_entropy(…)`, or `binary_cross_entropy_with_logits(…)`",
    "bce_with_logits": "here it is `binary_cross_entropy_with_logits(…)`",
    "cat": "here it is `concat([…])`",
    "chunk": _SLICES,
    "detach": _CUT,
    "diag": "here it is `diag_embed(…)`; of a matrix `diagonal(…)` takes the diagonal",
    "double": _CONVERTED,
    "elbo": "write the terms of it as costs: `cost kl = kl_divergence(q, p)`, `observe x ~ …`",
    "half": _CONVERTED,
    "item": "leave it out: a value stays a value",
    "kl": "here it is `kl_divergence(q, p)`",
    "len": _SIZES,
    "logpdf": "here it is `log_prob(q, x)`",
    "logprob": "here it is `log_prob(q, x)`",
    "no_grad": _CUT,
    "rsample": _DRAWN,
    "sample": _DRAWN,
    "shape": _SIZES,
    "size": _SIZES,
    "dim": _SIZES,
    "ndim": _SIZES,
    "T": "here it is `transpose(x, 0, 1)`, of event dimensions",
    "mT": "here it is `transpose(x, -2, -1)`, of event dimensions",
    "split": _SLICES,
    "to": _CONVERTED,
    "type": _CONVERTED,
    "view": "here it is `reshape(x, […])`",
}
"""Functions, also where they are written behind a dot."""

DISTRIBUTIONS = {
    "bern": "Bernoulli",
    "gaussian": "Normal",
    "diagonalnormal": "Normal",
    "diagnormal": "Normal",
    "multivariategaussian": "MultivariateNormal",
    "mvn": "MultivariateNormal",
    "gumbelsoftmax": "RelaxedOneHotCategorical",
    "concrete": "RelaxedOneHotCategorical",
    "onehot": "OneHotCategorical",
    "discrete": "Categorical",
    "dirac": "Delta",
    "pointmass": "Delta",
    "deterministic": "Delta",
}
"""Families, in small letters."""

_SQUASHED = "TransformedDistribution(Normal(…), [TanhTransform()])"

COMPOSED = {
    "mixture": "MixtureSameFamily(Categorical(…), q)",
    "mixtureofdiagnormals": "MixtureSameFamily(Categorical(…), Independent(Normal(…), 1))",
    "gaussianmixture": "MixtureSameFamily(Categorical(…), Normal(…))",
    "zeroinflatedpoisson": "ZeroInflated(gate, Poisson(…))",
    "zeroinflatednegativebinomial": "ZeroInflated(gate, NegativeBinomial(…))",
    "zeroinflateddistribution": "ZeroInflated(gate, q)",
    "tanhnormal": _SQUASHED,
    "squashednormal": _SQUASHED,
}
"""Families that are made of others here, in small letters."""

_PLAIN = "here it is `ScoreFunction()`"
_LEAVE_ONE_OUT = "here it is `ScoreFunction(n=…, baseline=batch_average)`, which is leave-one-out"

METHODS = {
    "reinforce": _PLAIN,
    "policygradient": _PLAIN,
    "likelihoodratio": _PLAIN,
    "scorefunctionestimator": _PLAIN,
    "dice": _PLAIN,
    "loo": _LEAVE_ONE_OUT,
    "rloo": _LEAVE_ONE_OUT,
    "leaveoneout": _LEAVE_ONE_OUT,
    "grpo": "here it is `ScoreFunction(n=…, baseline=batch_average, normalize=true)`",
    "pathwise": "here it is `Reparameterization()`",
    "reparam": "here it is `Reparameterization()`",
    "rsample": "here it is `Reparameterization()`",
    "concrete": "here it is `GumbelSoftmax()`",
    "straightthrough": "here it is `GumbelSoftmax(straight_through=true)`, `ReinMax()` or `ZGR()`",
    "enumerate": "here it is `Expect()`",
    "enumeration": "here it is `Expect()`",
    "marginalize": "here it is `Expect()`",
}
"""Methods, in small letters."""

SAMPLERS = {"enumerate": "Enumerate", "enumeration": "Enumerate", "marginalize": "Enumerate"}
"""Samplers, in small letters."""

OPTIONS = {
    "tau": "temperature",
    "temp": "temperature",
    "temprature": "temperature",
    "hard": "straight_through",
    "samples": "n",
    "num_samples": "n",
    "num_particles": "n",
    "n_samples": "n",
    "critic": "c_phi",
    "control": "c_phi",
}
"""Options of methods and samplers."""
