"""Samplers whose draws depend on one another: every outcome, alone and in stories."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

import storchc
from storch_runtime import Sampler
from storch_runtime.distributions import Bernoulli, Categorical, Normal, OneHotCategorical
from storch_runtime.methods import Reparameterization, ScoreFunction
from storch_runtime.samplers import Antithetic, QuasiMonteCarlo, Stratified, quasi_monte_carlo
from storch_runtime.samplers._uniform import collected
from tests.certification.harness import Uncertified, case, derivatives, fails
from tests.certification.outcomes import enumerate_estimates, flat
from tests.certification.written_loss import Law, Written, exact_moments, true_gradient
from tests.exact.interpreter import interpret

SAMPLERS: dict[str, tuple[type[Sampler], int]] = {
    "Antithetic": (Antithetic, 2),
    "Stratified": (Stratified, 2),
    "QuasiMonteCarlo": (QuasiMonteCarlo, 3),
}
WEIGHTS = torch.tensor([1.3, -0.7, 0.4], dtype=torch.float64)
LAWS: dict[str, tuple[Law, list[Any]]] = {
    "Bernoulli": (lambda v: Bernoulli(logits=v, event=1), [0.4, -1.1]),
    "probs": (lambda v: Bernoulli(probs=torch.sigmoid(v), event=1), [0.4, -1.1]),
    "Categorical": (lambda v: Categorical(logits=v, event=1), [[0.4, -1.1, 0.3], [0.2, 0.0, 0.9]]),
    "OneHotCategorical": (lambda v: OneHotCategorical(logits=v), [0.4, -1.1, 0.3]),
}


def joint(value: Tensor) -> Tensor:
    """A cost that joins its last dimension."""
    terms = (value * WEIGHTS[: value.shape[-1]]).sum(-1)
    return (terms - 0.45) ** 3 + 2 * value.double().prod(-1)


def leaf(numbers: list[Any]) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float64).requires_grad_()


def made(name: str) -> ScoreFunction:
    sampler, n = SAMPLERS[name]
    return ScoreFunction(n, sampler=sampler())


# --- by itself ------------------------------------------------------------------------------------


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("name", SAMPLERS)
def test_the_score_function_is_exact(name: str, law: str) -> None:
    of, numbers = LAWS[law]
    written, at = Written(of, joint), leaf(numbers)
    mean, _ = exact_moments(written, made(name), at)
    torch.testing.assert_close(mean, true_gradient(written, at), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", SAMPLERS)
def test_another_plate_may_be_mixed(name: str) -> None:
    """As every place has its own permutation or shift; this holds for stratified draws too."""
    check_mixed(name)


def check_mixed(name: str) -> None:
    scale = torch.tensor([0.7, -1.2], dtype=torch.float64)
    written = Written(
        lambda v: Bernoulli(logits=v * scale),
        lambda z: (z.mean(1, keepdim=True) - 0.3) ** 2,
        mixed=(1,),
    )
    at = leaf([0.4])
    mean, _ = exact_moments(written, made(name), at)
    torch.testing.assert_close(mean, true_gradient(written, at), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("name", SAMPLERS)
def test_the_outcomes_come_as_often_as_they_say(name: str, law: str) -> None:
    torch.manual_seed(0)
    many, method = 40_000, made(name)
    of, numbers = LAWS[law]
    rows = {tuple(v.flatten().tolist()): p for v, p in method.outcomes(of(leaf(numbers)))}
    wide = of(leaf(numbers).detach().expand(many, *leaf(numbers).shape))
    drawn = method.draw(wide).value.movedim(1, 0).flatten(1)
    values, counts = torch.unique(drawn, dim=0, return_counts=True)
    assert sum(rows.values()) == pytest.approx(1)
    for value, count in zip(values.tolist(), counts.tolist(), strict=True):
        chance = rows[tuple(value)]
        assert abs(count / many - chance) < 5 * (chance * (1 - chance) / many) ** 0.5


@pytest.mark.parametrize("name", SAMPLERS)
def test_each_draw_by_itself_is_exact(name: str) -> None:
    law = Bernoulli(logits=leaf([0.4, -1.1]), event=1)
    outcomes = made(name).outcomes(law)
    for k in range(SAMPLERS[name][1]):
        means = torch.stack([p * value[k] for value, p in outcomes]).sum(0)
        torch.testing.assert_close(means, law.probs.detach(), rtol=1e-12, atol=1e-12)
        both = torch.stack([p * value[k].prod() for value, p in outcomes]).sum(0)
        torch.testing.assert_close(both, law.probs.detach().prod(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_extremes(name: str, dtype: torch.dtype) -> None:
    method = made(name)
    law = Bernoulli(logits=torch.tensor([1e4, -1e4], dtype=dtype), event=1)
    assert method.draw(law).value.tolist() == [[1.0, 0.0]] * method.n
    wide = Normal(torch.zeros(100_000, dtype=dtype), 1.0)
    value = method.draw(wide).value
    assert value.dtype == dtype and bool(value.isfinite().all())
    assert float(value.mean()) == pytest.approx(0, abs=0.02)
    assert float(value.var()) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_plate_that_is_open_already_is_refused(name: str) -> None:
    text = f"""
story Open
param v = 0.3
sample a ~ Bernoulli(logits=v) with ScoreFunction(n=4)
sample b ~ Normal(v * a, 1) with ScoreFunction() using {name}() in a
cost c = a * b
"""
    assert "error" in {d.severity for d in storchc.check(text=text)}


def test_odd_pairs_are_refused() -> None:
    with pytest.raises(ValueError, match="must be even"):
        ScoreFunction(3, sampler=Antithetic()).draw(Bernoulli(logits=torch.zeros(2)))


def test_antithetic_noise_leaves_no_variance_to_a_linear_cost() -> None:
    law = Normal(torch.zeros(5, dtype=torch.float64), 2.0)
    value = Reparameterization(4, sampler=Antithetic()).draw(law).value
    torch.testing.assert_close(value.mean(0), torch.zeros(5, dtype=torch.float64))


def test_one_draw_lies_in_each_stratum() -> None:
    uniforms = Stratified().uniforms(6, torch.Size([50]), torch.Size([3]), torch.zeros(()).double())
    strata = (uniforms * 6).floor().sort(0).values
    assert bool((strata == torch.arange(6.0)[:, None, None]).all())


@pytest.mark.parametrize("name", ["Stratified", "QuasiMonteCarlo"])
def test_even_points_have_less_variance(name: str) -> None:
    torch.manual_seed(0)
    law = Normal(torch.zeros(4000, 2, dtype=torch.float64), 1.0, event=1)

    def spread(sampler: Sampler | None) -> float:
        value = Reparameterization(16, sampler=sampler).draw(law).value
        return float((value.sin().sum(-1) + value[..., 0].square()).mean(0).var())

    assert spread(SAMPLERS[name][0]()) < spread(None) / 3


def test_quasi_monte_carlo_compiles_whole() -> None:
    method = Reparameterization(4, sampler=QuasiMonteCarlo())

    def mean(loc: Tensor) -> Tensor:
        return method.draw(Normal(loc, 1.0, event=1)).value.square().mean()

    compiled = torch.compile(mean, fullgraph=True, backend="eager")
    assert bool(compiled(torch.zeros(3, 2)).isfinite())


# --- in stories -----------------------------------------------------------------------------------

USING = [
    "ScoreFunction() using Antithetic(n=2)",
    "ScoreFunction(baseline=moving_average) using Stratified(n=2)",
    "ScoreFunction() using QuasiMonteCarlo(n=2)",
    "ScoreFunction(baseline=moving_average) using Enumerate()",
]


def agree(text: str, sampled: str, inputs: Mapping[str, Any] | None = None) -> None:
    """The mean and the Hessian over all outcomes are those of independent draws."""
    count = 1 if "Enumerate" in sampled else 2
    story = case(text.format(sampled), inputs)
    model = story.model()
    parameters = dict(model.named_parameters())
    exact = interpret(text.format(f"ScoreFunction(n={count})"), story.inputs, parameters, {})
    leaves = {**parameters, **{k: v for k, v in story.inputs.items() if v.requires_grad}}
    found = enumerate_estimates(model, story, hessian=True)
    first = derivatives(exact.value, leaves)
    wanted = flat(first).detach()
    second = torch.stack([flat(derivatives(part, leaves)) for part in flat(first)]).detach()
    if not torch.allclose(found.gradient, wanted, rtol=1e-9, atol=1e-9):
        raise Uncertified(f"{found.gradient}, expected {wanted}")
    assert found.hessian is not None
    torch.testing.assert_close(found.hessian, second, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("sampled", USING)
def test_between_others(sampled: str) -> None:
    text = """
story T
plate data
input x[data]
param v[2] = tensor([0.4, -0.9])
sample a ~ Bernoulli(logits=v[0] * x) with ScoreFunction(baseline=moving_average)
sample z ~ Bernoulli(logits=v * (x + a)) with {}
sample b ~ Bernoulli(logits=v[1] * x + z[0] - z[1] * a) with Expect()
cost c = (z[0] + 2 * z[1] * b - a * x) ** 2
cost d = a * z[1] + v[1] * z[0]
"""
    agree(text, sampled, {"x": [0.7]})


@pytest.mark.parametrize("sampled", [USING[0], USING[2]])
def test_a_mixed_data_plate(sampled: str) -> None:
    text = """
story T
plate data
input x[data]
param v = 0.4
sample z ~ Categorical(logits=v * x * tensor([0.3, -0.2, 0.9])) with {}
cost c = (mean(1.0 * z, over=data) - 0.3) ** 2
"""
    agree(text, sampled, {"x": [0.7, -1.2]})


@pytest.mark.parametrize("sampled", [USING[0], USING[2]])
def test_samples_in_its_plate(sampled: str) -> None:
    text = """
story T
param v[2] = tensor([0.4, -0.9])
sample z ~ Bernoulli(logits=v) with {}
sample b ~ Bernoulli(logits=v[1] + z[0]) with ScoreFunction(baseline=moving_average) in z
cost c = (z[0] + 2 * z[1] * b) ** 2
"""
    agree(text, sampled)


REFUSED = {
    "S435": """
sample z ~ Bernoulli(logits=v) with ScoreFunction(baseline=batch_average) using Antithetic(n=4)
cost c = z ** 2
""",
    "S430": """
sample z ~ Bernoulli(logits=v) with ScoreFunction() using QuasiMonteCarlo(n=4)
cost c = mean(z, over=z) ** 2
""",
    "S415": """
sample z ~ Gamma(exp(v), 1) using Stratified(n=4)
cost c = z
""",
    "S408": """
sample z ~ Bernoulli(logits=v) with DisARM() using Antithetic(n=4)
cost c = z
""",
    "S404": """
sample z ~ Poisson(exp(v)) using Enumerate()
cost c = z
""",
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_would_be_wrong_is_refused(code: str) -> None:
    with pytest.raises(storchc.StoryError, match=code):
        storchc.load(text=f"story T\nparam v = 0.3{REFUSED[code]}")


@pytest.mark.parametrize("sampler", ["Antithetic", "Stratified", "QuasiMonteCarlo"])
def test_infer_takes_the_path_where_there_is_one_and_else_no_batch_average(sampler: str) -> None:
    text = f"""
story T
param v = 0.3
sample y ~ Normal(v, 1) using {sampler}(n=4)
sample z ~ Bernoulli(logits=v) using {sampler}(n=4)
sample b ~ Bernoulli(logits=z) in z
cost c = y * z + b
"""
    methods = storchc.load(text=text)().methods
    assert isinstance(methods["y"], Reparameterization)
    for name in "zb":
        assert methods[name].baseline == "moving_average"


def test_enumerate_stands_for_any_method() -> None:
    text = """
story T
param v = 0.3
sample y ~ Bernoulli(logits=v) using Enumerate()
sample z ~ Categorical(logits=v * tensor([1, 2, 3])) with ScoreFunction() using Enumerate(budget=3)
cost c = y * z
"""
    methods = storchc.load(text=text)().methods
    assert [type(methods[name]).__name__ for name in "yz"] == ["Expect", "Expect"]
    assert methods["z"].budget == 3


# --- broken variants, and why the refusals are right ----------------------------------------------


def columns(p: float) -> dict[tuple[float, float], float]:
    """Of two strata in order: whether each of two draws is 1, and how likely."""
    if p < 0.5:
        return {(1.0, 0.0): 2 * p, (0.0, 0.0): 1 - 2 * p}
    return {(1.0, 1.0): 2 * p - 1, (1.0, 0.0): 2 - 2 * p}


def test_strata_that_are_not_permuted_fail_where_a_plate_is_mixed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def in_order(self: Any, distribution: Any, n: int) -> Any:
        first, second = (columns(float(p)) for p in distribution.probs.detach())
        return [
            (torch.tensor([a, b], dtype=torch.float64).T, chance * other)
            for a, chance in first.items()
            for b, other in second.items()
        ]

    monkeypatch.setattr(Stratified, "outcomes", in_order)
    with pytest.raises(AssertionError):
        check_mixed("Stratified")


def test_points_without_a_shift_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    def fixed(self: Any, edges: list[float], n: int, place: Any) -> Any:
        points = quasi_monte_carlo.sobol(n, place[1])[:, place[0]].tolist()
        return collected(edges, [(tuple(points), 1.0)])

    monkeypatch.setattr(QuasiMonteCarlo, "columns", fixed)
    with pytest.raises(AssertionError):
        test_the_score_function_is_exact("QuasiMonteCarlo", "Bernoulli")


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_batch_average_over_coupled_draws_is_wrong(name: str) -> None:
    sampler, n = SAMPLERS[name]
    method = ScoreFunction(n, sampler=sampler(), baseline="batch_average")
    of, numbers = LAWS["Bernoulli"]
    written, at = Written(of, joint), leaf(numbers)
    mean, _ = exact_moments(written, method, at)
    assert float((mean - true_gradient(written, at)).abs().max()) > 0.01


def test_a_missing_score_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ScoreFunction, "gradient_function", lambda self, draw: draw.log_prob / 2)
    text = "story T\nparam v = 0.4\nsample z ~ Bernoulli(logits=v) with {}\ncost c = (z - v) ** 2\n"
    assert fails(lambda: agree(text, USING[0]))
