"""Densities end where supports do, without NaN, and integrate to 1 over them (LOSS.md §10)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

import storch_runtime.distributions as runtime
import storchc
from storchc.catalogue import distributions as catalogue
from storchc.catalogue import supports
from storchc.ir import ranges as at

LAWS: dict[str, dict[str, Any]] = {
    "Normal": {"loc": 0.3, "scale": 0.7},
    "Cauchy": {"loc": 0.3, "scale": 0.7},
    "Gumbel": {"loc": 0.3, "scale": 0.7},
    "Laplace": {"loc": 0.3, "scale": 0.7},
    "StudentT": {"df": 4.0, "loc": 0.3, "scale": 0.7},
    "LogitRelaxedBernoulli": {"temperature": 0.8, "probs": 0.4},
    "TruncatedNormal": {"loc": 0.3, "scale": 0.7, "low": -0.5, "high": 1.5},
    "Uniform": {"low": -0.5, "high": 1.5},
    "VonMises": {"loc": 0.3, "concentration": 0.7},
    "Chi2": {"df": 3.0},
    "Exponential": {"rate": 1.3},
    "FisherSnedecor": {"df1": 5.0, "df2": 8.0},
    "Gamma": {"concentration": 2.0, "rate": 1.3},
    "GeneralizedPareto": {"loc": 0.5, "scale": 0.7, "concentration": 0.1},
    "HalfCauchy": {"scale": 0.7},
    "HalfNormal": {"scale": 0.7},
    "InverseGamma": {"concentration": 2.5, "rate": 1.3},
    "LogNormal": {"loc": 0.1, "scale": 0.5},
    "Pareto": {"scale": 0.7, "alpha": 3.0},
    "Weibull": {"scale": 0.7, "concentration": 1.5},
    "Beta": {"concentration1": 2.0, "concentration0": 1.5},
    "ContinuousBernoulli": {"probs": 0.3},
    "Kumaraswamy": {"concentration1": 2.0, "concentration0": 1.5},
    "RelaxedBernoulli": {"temperature": 0.8, "probs": 0.4},
    "Bernoulli": {"probs": 0.3},
    "Binomial": {"total_count": 3.0, "probs": 0.3},
    "Geometric": {"probs": 0.3},
    "NegativeBinomial": {"total_count": 3.0, "probs": 0.3},
    "Poisson": {"rate": 1.3},
}
BEYOND: dict[str, list[float]] = {
    "TruncatedNormal": [-0.6, 1.6],
    "Uniform": [-0.6, 1.6],
    "GeneralizedPareto": [0.4],
    "Pareto": [0.6, -1.0],
    "Bernoulli": [-1.0, 2.0],
    "Binomial": [-1.0, 4.0],
}


def tensors(name: str) -> dict[str, Tensor]:
    return {
        key: torch.tensor(value, dtype=torch.float64, requires_grad=True)
        for key, value in LAWS[name].items()
    }


def law(name: str, given: dict[str, Tensor]) -> Any:
    return getattr(runtime, name)(**given, event=0)


def points(name: str) -> Iterator[float]:
    family = catalogue.lookup(name)
    assert family is not None
    found = supports.SUPPORTS[family.support]
    if name in BEYOND:
        yield from BEYOND[name]
        return
    if found.low == 0:
        yield from (-0.5, -2.0)
    if found.high == 1:
        yield from (1.5, 3.0)


@pytest.mark.parametrize("name", LAWS)
def test_a_density_is_0_outside_of_the_support_and_has_no_slope(name: str) -> None:
    given = tensors(name)
    outside = torch.tensor([*points(name)], dtype=torch.float64)
    value = torch.cat([outside, law(name, given).sample(3)]).requires_grad_()
    found = law(name, given).ending_log_prob(value)
    assert (found[: len(outside)] == -math.inf).all()
    assert found[len(outside) :].isfinite().all()
    learning = [*given.values(), value]
    gradients = torch.autograd.grad(
        found[len(outside) :].sum() + found.exp().sum(), learning, allow_unused=True
    )
    assert all(g is None or g.isfinite().all() for g in gradients)


@pytest.mark.parametrize("name", LAWS)
def test_a_density_integrates_to_1(name: str) -> None:
    family = catalogue.lookup(name)
    assert family is not None
    made = law(name, tensors(name))
    if family.discrete:
        whole = torch.arange(-3.0, 200.0, dtype=torch.float64)
        assert float(made.ending_log_prob(whole).detach().exp().sum()) == pytest.approx(1, abs=1e-9)
        return
    edge = math.pi if family.support == "circle" else math.pi / 2 - 1e-9
    t = torch.linspace(-edge, edge, 4_000_001, dtype=torch.float64)
    value, slope = (t, 1.0) if family.support == "circle" else (t.tan(), 1 + t.tan().square())
    density = made.ending_log_prob(value).detach().exp() * slope
    total = torch.trapezoid(density, t)
    assert float(total) == pytest.approx(1, abs=2e-3)


def lies(name: str) -> at.Range:
    """Where a sample lies, as the row says."""
    family = catalogue.lookup(name)
    assert family is not None
    ranges = {key: at.exactly(value) for key, value in LAWS[name].items()}
    made: Any = type("Made", (), {"parameters": ()})
    return supports.lies_in(family, made, ranges)


@pytest.mark.parametrize("name", LAWS)
def test_the_support_of_the_row_is_no_wider_than_the_density(name: str) -> None:
    """A row that says too little would let a proposal fall short, and a pole stand unseen."""
    found = lies(name)
    for value in (-5.5, -5.0, -0.5, 1.5, 5.0, 5.5):
        at_value = torch.tensor([value], dtype=torch.float64)
        within = law(name, tensors(name)).ending_log_prob(at_value) > -math.inf
        assert bool(within) or not found.holds(value), value


@pytest.mark.parametrize("name", LAWS)
def test_samples_lie_in_the_support_of_the_row(name: str) -> None:
    found = lies(name)
    drawn = law(name, tensors(name)).sample(2000)
    assert all(found.holds(float(v)) for v in drawn)
    assert law(name, tensors(name)).ending_log_prob(drawn).isfinite().all()


def test_every_family_of_single_numbers_is_tried() -> None:
    single = {
        name
        for name in catalogue.simple()
        if (family := catalogue.lookup(name)) is not None
        and family.support not in ("simplex", "log simplex", "real vector", "one-hot", "counts")
        and family.support not in ("positive definite", "correlation cholesky", "index")
    }
    assert single == LAWS.keys()


# --- vectors --------------------------------------------------------------------------------------


def doubles(numbers: Any) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float64, requires_grad=True)


P, MATRIX = [0.2, 0.3, 0.5], [[1.2, 0.4], [0.4, 0.8]]
VECTORS: dict[str, Any] = {
    "Dirichlet": lambda: runtime.Dirichlet(concentration=doubles([2.0, 3.0, 1.5]), event=0),
    "LogisticNormal": lambda: runtime.LogisticNormal(
        loc=doubles([0.2, -0.3]), scale=doubles([0.6, 0.8]), event=0
    ),
    "RelaxedOneHotCategorical": lambda: runtime.RelaxedOneHotCategorical(
        temperature=doubles(1.3), probs=doubles(P), event=0
    ),
    "MultivariateNormal": lambda: runtime.MultivariateNormal(
        loc=doubles([0.2, -0.3]), covariance_matrix=doubles(MATRIX), event=0
    ),
    "LowRankMultivariateNormal": lambda: runtime.LowRankMultivariateNormal(
        loc=doubles([0.2, -0.3]),
        cov_factor=doubles([[0.5], [0.7]]),
        cov_diag=doubles([0.6, 0.4]),
        event=0,
    ),
    "Categorical": lambda: runtime.Categorical(probs=doubles(P), event=0),
    "OneHotCategorical": lambda: runtime.OneHotCategorical(probs=doubles(P), event=0),
    "OneHotCategoricalStraightThrough": lambda: runtime.OneHotCategoricalStraightThrough(
        probs=doubles(P), event=0
    ),
    "RelaxedOneHotCategoricalStraightThrough": lambda: (
        runtime.RelaxedOneHotCategoricalStraightThrough(0.7, probs=doubles(P), event=0)
    ),
    "ExpRelaxedCategorical": lambda: runtime.ExpRelaxedCategorical(
        temperature=doubles(1.3), probs=doubles(P), event=0
    ),
    "Multinomial": lambda: runtime.Multinomial(total_count=3, probs=doubles(P), event=0),
}
OFF_THE_SIMPLEX = [[0.3, 0.7, 0.2], [0.3, 0.9, -0.2], [0.0, 0.0, 0.0]]
NO_CLASS = [[1.0, 1.0, 0.0], [0.0, 0.0, 0.0], [2.0, -1.0, 0.0], [0.0, 3.0, 0.0]]
OUTSIDE: dict[str, Any] = {
    "Dirichlet": OFF_THE_SIMPLEX,
    "LogisticNormal": OFF_THE_SIMPLEX,
    "RelaxedOneHotCategorical": OFF_THE_SIMPLEX,
    "Categorical": [-1, 3],
    "OneHotCategorical": NO_CLASS,
    "OneHotCategoricalStraightThrough": NO_CLASS,
    "RelaxedOneHotCategoricalStraightThrough": NO_CLASS,
    "ExpRelaxedCategorical": [[0.0, 0.0, 0.0], [-2.0, -2.0, -2.0]],
    "Multinomial": [[1.0, 1.0, 0.0], [2.0, 2.0, -1.0], [3.0, 1.0, 0.0]],
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_vector_outside_of_the_support_has_no_density(name: str) -> None:
    made = VECTORS[name]()
    drawn = made.sample(3)
    value = torch.cat([torch.tensor(OUTSIDE[name], dtype=drawn.dtype), drawn])
    value = value.requires_grad_() if value.is_floating_point() else value
    found = made.ending_log_prob(value)
    assert found.isinf().tolist() == [True] * len(OUTSIDE[name]) + [False] * 3
    learning = [t for t in (*made.given().values(), value) if getattr(t, "requires_grad", False)]
    gradients = torch.autograd.grad(found[-3:].sum() + found.exp().sum(), learning)
    assert all(g.isfinite().all() for g in gradients)


def everywhere(name: str, rows: int) -> tuple[Tensor, float | Tensor]:
    """Values at which a density is summed, and how much of space each stands for."""
    match name:
        case "Categorical":
            return torch.arange(3), 1.0
        case _ if name == "OneHotCategorical" or name.endswith("StraightThrough"):
            return torch.eye(3, dtype=torch.float64), 1.0
        case "Multinomial":
            count = torch.arange(4.0, dtype=torch.float64)
            return torch.cartesian_prod(count, count, count), 1.0  # those of other sums are 0
        case "MultivariateNormal" | "LowRankMultivariateNormal":
            axis, width = torch.linspace(-9, 9, rows, dtype=torch.float64), 18 / rows
            return torch.cartesian_prod(axis, axis), width**2
    axis = (torch.arange(rows, dtype=torch.float64) + 0.5) / rows
    first = torch.cartesian_prod(axis, axis)
    inside = first[first.sum(-1) < 1 - 1e-9]
    simplex = torch.cat([inside, 1 - inside.sum(-1, keepdim=True)], -1)
    if name == "ExpRelaxedCategorical":
        return simplex.log(), 1 / (rows**2 * simplex.prod(-1))
    return simplex, 1 / rows**2


@pytest.mark.parametrize("name", VECTORS)
def test_a_density_of_vectors_integrates_to_1(name: str) -> None:
    values, each = everywhere(name, 801)
    density = VECTORS[name]().ending_log_prob(values).detach().exp()
    assert float((density * each).sum()) == pytest.approx(1, abs=3e-3)


@pytest.mark.parametrize("concentration", [1.0, 2.5])
def test_a_density_of_correlations_integrates_to_1(concentration: float) -> None:
    """Of three variables, over what stands below the diagonal of the factor."""
    made = runtime.LKJCholesky(dim=3, concentration=torch.tensor(concentration).double(), event=0)
    rows = 60
    axis = (torch.arange(rows, dtype=torch.float64) + 0.5) * 2 / rows - 1
    first, second, third = torch.cartesian_prod(axis, axis, axis).unbind(-1)
    inside = second**2 + third**2 < 1
    first, second, third = first[inside], second[inside], third[inside]
    factor = torch.zeros(len(first), 3, 3, dtype=torch.float64)
    factor[:, 0, 0] = 1
    factor[:, 1, 0], factor[:, 1, 1] = first, (1 - first**2).sqrt()
    factor[:, 2, 0], factor[:, 2, 1] = second, third
    factor[:, 2, 2] = (1 - second**2 - third**2).sqrt()
    density = made.ending_log_prob(factor).exp()
    assert float(density.sum()) * (2 / rows) ** 3 == pytest.approx(1, abs=0.02)


def test_a_density_of_covariances_integrates_to_1() -> None:
    scale = torch.tensor([[0.3, 0.1], [0.1, 0.2]], dtype=torch.float64)
    df = torch.tensor(6.0, dtype=torch.float64)
    made = runtime.Wishart(df=df, covariance_matrix=scale, event=0)
    rows, most = 70, 9.0
    axis = (torch.arange(rows, dtype=torch.float64) + 0.5) * most / rows
    a, b, r = torch.cartesian_prod(axis, axis, (2 * axis / most - 1)).unbind(-1)
    c = r * (a * b).sqrt()  # a correlation: all of these are covariances
    values = torch.stack([a, c, c, b], -1).reshape(-1, 2, 2)
    density = made.ending_log_prob(values).exp() * (a * b).sqrt()
    each = (most / rows) ** 2 * 2 / rows
    assert float(density.sum()) * each == pytest.approx(1, abs=0.01)


def test_matrices_that_are_none_have_no_density() -> None:
    """Neither what is not positive definite, nor what is no factor of correlations."""
    text = "story S\nparam s = 1.0\ninput x[2, 2]\ncost c = s + exp(log_prob({}, x + 0 * s))\n"
    for law, wrong, right in (
        ("Wishart(4.0, covariance_matrix=s * eye(2))", [[1.0, 2.0], [2.0, 1.0]], torch.eye(2)),
        ("Wishart(4.0, covariance_matrix=s * eye(2))", [[1.0, 0.2], [0.4, 1.0]], torch.eye(2)),
        ("LKJCholesky(2, exp(s))", [[1.0, 0.0], [0.6, 0.6]], [[1.0, 0.0], [0.6, 0.8]]),
        ("LKJCholesky(2, exp(s))", [[1.0, 0.3], [0.6, 0.8]], [[1.0, 0.0], [0.6, 0.8]]),
    ):
        made: Any = storchc.load(text=text.format(law))()
        made(torch.as_tensor(wrong)).backward()
        assert float(made(torch.as_tensor(wrong)).cost) == pytest.approx(1)
        assert float(made.s.grad) == pytest.approx(1)
        assert float(made(torch.as_tensor(right)).cost) > 1


def test_a_drawn_matrix_pays_for_no_end() -> None:
    text = """story S
param s = 1.0
compute q = Wishart(5.0, covariance_matrix=exp(s) * eye(2))
sample z ~ q with Reparameterization()
cost c = log_prob(q, z) - log_prob(Wishart(5.0, covariance_matrix=eye(2)), z)
"""
    assert "ending_log_prob" not in storchc.compile(text=text)


def test_every_family_is_tried() -> None:
    matrices = {"LKJCholesky", "Wishart"}
    assert catalogue.simple() - LAWS.keys() - matrices == VECTORS.keys()


def test_counts_and_classes_that_are_none_have_no_probability() -> None:
    text = (
        "story S\nparam p[3] = zeros()\ninput x[3]\nparam m = 0.3\n"
        "cost c = m + exp(log_prob({}, x + 0 * m))\n"
    )
    for law, wrong, right in (
        ("OneHotCategorical(logits=p)", [1.0, 1.0, 0.0], [0.0, 1.0, 0.0]),
        ("Multinomial(2, logits=p)", [2.0, 1.0, 0.0], [1.0, 1.0, 0.0]),
    ):
        made: Any = storchc.load(text=text.format(law))()
        assert float(made(torch.tensor(wrong)).cost) == pytest.approx(0.3)
        assert float(made(torch.tensor(right)).cost) > 0.5


def test_observed_counts_and_classes_are_looked_at() -> None:
    text = "story S\nparam p[3] = zeros()\ninput x[3]\nobserve x ~ {}\n"
    for law in ("OneHotCategorical(logits=p)", "Multinomial(2, logits=p)"):
        made: Any = storchc.load(text=text.format(law))()
        with pytest.raises(ValueError, match="lies outside of the support"):
            made(torch.tensor([2.0, 1.0, 0.0]))


def test_the_figure_of_an_exponential_density_of_a_normal_value() -> None:
    """E exp(log_prob(Exponential(1), z)) with z ~ N(.3, 1) is .296; without ends it was 1.218."""
    text = (
        "story S\nparam m = 0.3\n"
        "sample z ~ Normal(m, 1) with ScoreFunction(n=400000)\n"
        "cost c = exp(log_prob(Exponential(1), z))\n"
    )
    made: Any = storchc.load(text=text)
    torch.manual_seed(0)
    exact = math.exp(0.5 - 0.3) * 0.5 * math.erfc(0.7 / math.sqrt(2))
    assert exact == pytest.approx(0.296, abs=1e-3)
    assert float(made()().cost) == pytest.approx(exact, abs=5e-3)


def test_values_known_to_lie_inside_pay_nothing() -> None:
    text = (
        "story S\nparam m = 0.3\n"
        "sample z ~ Gamma(2, 1) with Reparameterization()\n"
        "sample e ~ Exponential(1) with Reparameterization()\n"
        "cost c = log_prob(Gamma(1, 2), z) + log_prob(Exponential(exp(m)), z + e)\n"
        "cost d = log_prob(Normal(m, 1), z - 1)\n"
    )
    assert "ending_log_prob" not in storchc.compile(text=text)
    text = "story S\nparam m = 0.3\ncost c = log_prob(Beta(1, 2), sigmoid(m))\n"
    assert "ending_log_prob" in storchc.compile(text=text)  # which is 1 in floats


def test_a_proposal_that_is_wider_than_its_target_is_right() -> None:
    """E[1] is 1: it was 54 with an Exponential target, and 6,496, before densities ended."""
    for target in ("Exponential(1)", "Beta(2, 2)"):
        text = (
            "story S\nparam m = 0.3\n"
            f"sample z ~ {target} with ScoreFunction() "
            "using ImportanceSampling(n=200000, proposal=Normal(0, 3))\n"
            "cost c = 1 + m + 0 * z\n"
        )
        made: Any = storchc.load(text=text)()
        made.m.data.zero_()
        torch.manual_seed(0)
        estimate = made()
        assert float(estimate.cost) == pytest.approx(1, abs=0.03)
        estimate.backward()
        assert made.m.grad.isfinite()


NARROW = {  # E[1] is .50 and .67 with these proposals
    "Normal(m, 1)": "Exponential(1)",
    "Categorical(logits=stack([m, 0.0, 0.0]))": "Categorical(logits=zeros([2]))",
    "Uniform(0, 1)": "Uniform(0, 0.5)",
    "Poisson(exp(m))": "Bernoulli(0.5)",
}


@pytest.mark.parametrize(("target", "proposal"), NARROW.items())
def test_a_proposal_that_is_narrower_than_its_target_is_refused(target: str, proposal: str) -> None:
    text = (
        f"story S\nparam m = 0.0\nsample z ~ {target} with ScoreFunction() "
        f"using ImportanceSampling(n=9, proposal={proposal})\ncost c = 1 + m + 0 * z\n"
    )
    found = storchc.check(text=text)
    assert [(d.code, d.severity) for d in found] == [("S343", "error")]
    covered = storchc.check(text=text.replace("n=9", "n=9, covers=cost"))
    assert {d.severity for d in covered} == {"warning"}


@pytest.mark.parametrize(("support", "wrong"), [("nonnegative", at.UNIT), ("count", at.TRUTH)])
def test_a_wrong_support_is_found(
    support: str, wrong: at.Range, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = {str(key): found for key, found in supports.SUPPORTS.items()} | {support: wrong}
    monkeypatch.setattr(supports, "SUPPORTS", table)
    with pytest.raises(AssertionError):
        for name in ("Exponential", "Poisson"):
            test_samples_lie_in_the_support_of_the_row(name)
