"""`each`: a draw for every element of data plates that the distribution lacks."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch

import storchc
from storch_runtime import MODE
from tests.certification.harness import Case, Uncertified, case, certify, fails

HEAD = """
story T
plate data{data}
plate sites{sites}
input x[data, sites]
param w = 0.4
param u = -0.3
"""
METHODS = {
    "score": "ScoreFunction(baseline=moving_average)",
    "others": "ScoreFunction(n=2, baseline=batch_average)",
    "learned": "ScoreFunction(baseline=0.3 * u * mean(x, over=sites) - 0.5)",
    "weighted": "ScoreFunction() using ImportanceSampling(n=1, proposal=Bernoulli(logits=u))",
    "expect": "Expect()",
}


def written(steps: str, x: list[list[float]], data: str = "", sites: str = "") -> Case:
    return case(HEAD.format(data=data, sites=sites) + steps, {"x": x})


@pytest.mark.parametrize(
    ("data", "sites"),
    [
        (" sum", ""),
        *(
            pytest.param(*pair, marks=pytest.mark.certify)
            for pair in product(["", " sum"], repeat=2)
        ),
    ],
)
@pytest.mark.parametrize("method", METHODS)
def test_exact(method: str, data: str, sites: str) -> None:
    """Costs of the draws alone too: they have the plates."""
    steps = f"""
sample b ~ Bernoulli(logits=w) each data with {METHODS[method]}
cost c = (b - x * u) ** 2 * w
cost d = b * u
"""
    x = [[0.7]] if method == "others" else [[0.7, -1.2], [0.3, 0.5]]
    certify(written(steps, x, data, sites), hessian=True)


@pytest.mark.parametrize("method", ["score", "others", "weighted"])
def test_a_plate_that_is_reduced(method: str) -> None:
    steps = f"""
sample b ~ Bernoulli(logits=w) each data, sites with {METHODS[method]}
compute m = mean(b * x, over=data)
cost c = (m - u) ** 2
"""
    x = [[0.7], [0.3]] if method == "others" else [[0.7, -1.2], [0.3, 0.5]]
    certify(written(steps, x, sites=" sum"), hessian=True)


def test_shared_or_each() -> None:
    """A distribution without plates is drawn once; drawn for each, the mean square is another."""
    steps = """
sample b ~ Bernoulli(logits=w) with ScoreFunction()
cost c = mean(b * x, over=[data, sites]) ** 2
"""
    x = [[0.7, -1.2], [0.3, 0.5]]
    once = written(steps, x)
    each = written(steps.replace(" with", " each sites, data with"), x)
    certify(once, hessian=True)
    certify(each, hessian=True)
    with pytest.raises((Uncertified, RuntimeError, ValueError)):
        certify(each, model=once.model())


def test_a_method_that_is_given_keeps_it() -> None:
    steps = """
sample b ~ Bernoulli(logits=w) each data
cost c = (b - x) ** 2 * u
"""
    this = written(steps, [[0.7, -1.2], [0.3, 0.5]])
    model = this.model(methods={"b": "Expect()"})
    interpreted = this.text.replace("each data", "each data with Expect()")
    certify(this, model=model, interpreted=interpreted, hessian=True)


@pytest.mark.parametrize("above", ["score", "expect", "weighted"])
@pytest.mark.parametrize("below", ["score", "expect"])
def test_between_other_samples(above: str, below: str) -> None:
    steps = f"""
sample a ~ Bernoulli(logits=u) with {METHODS[above]}
sample b ~ Bernoulli(logits=w * a) each data with {METHODS[below]}
sample e ~ Bernoulli(logits=w + b) each sites with ScoreFunction(baseline=moving_average)
cost c = (b - x * a) ** 2 * e
cost d = a * b * w
"""
    certify(written(steps, [[0.7, 0.2]], sites=" sum"), hessian=True)


def test_in_the_plate_of_another_sample() -> None:
    steps = """
sample a ~ Bernoulli(logits=u) with ScoreFunction(n=2)
sample b ~ Bernoulli(logits=w * a) each data with ScoreFunction(baseline=batch_average) in a
cost c = (b - x * a) ** 2
"""
    certify(written(steps, [[0.7], [0.2]]), hessian=True)


def test_in_a_loop() -> None:
    steps = """
for t in range(2) from h = w:
    sample b ~ Bernoulli(logits=h) each data with ScoreFunction(baseline=moving_average)
    compute h = 0.5 * h + u * b
    cost c = (b - x * h) ** 2
cost d = h
"""
    certify(written(steps, [[0.7], [0.2]], data=" sum"), hessian=True)


def test_where_elements_stop() -> None:
    steps = """
for t in range(2) from h = w:
    sample b ~ Bernoulli(logits=u) each data with ScoreFunction(baseline=moving_average)
    compute h = h + x * b
    cost c = h ** 2
    stop when b == 1
"""
    certify(written(steps, [[0.7], [0.2]]), hessian=True, vectorised=False)


BINARY = (
    "ScoreFunction(n=2, baseline=batch_average)",
    "ScoreFunction(baseline=value(mean(x, over=sites)))",
    "ARM()",
    "DisARM(n=2)",
    "ARMS(n=4)",
    "MeasureValued()",
    "LocalExpectation()",
    "REBAR(temperature=0.5)",
    "RELAX(c_phi=critic)",
    "MuProp()",
    "DoubleCV(n=3)",
    "RODEO(n=3)",
    "GumbelSoftmax(temperature=0.7)",
    "Expect()",
    "ScoreFunctionWOR(k=2)",
    "UnorderedSetEstimator(k=2)",
    "RaoBlackwellSF(k=1)",
    "SumAndSample(sum_size=1)",
    "ScoreFunction() using Stratified(n=4)",
    "ScoreFunction() using Antithetic(n=2)",
    "ScoreFunction() using QuasiMonteCarlo(n=4)",
    "ScoreFunction() using Enumerate()",
    "ScoreFunction() using ImportanceSampling(n=3, proposal=Bernoulli(logits=u))",
    "ScoreFunction() using ImportanceSampling(n=3, proposal=Bernoulli(logits=mean(x, over=sites)))",
)
OTHERS = (
    ("Normal({}, exp(u))", "Reparameterization(n=3)"),
    ("Normal({}, exp(u))", "Reparameterization() using QuasiMonteCarlo(n=4)"),
    ("Normal({}, exp(u))", "MeasureValued()"),
    ("Normal({}, exp(u))", "LAX(c_phi=critic)"),
    ("Gamma(exp({}), 1)", "Reparameterization()"),
    ("Gamma(2, exp(u + {}))", "ScoreFunction(n=2)"),
    ("Categorical(logits=stack([{}, u, 0.3]))", "ARSM()"),
    ("Categorical(logits=stack([{}, u, 0.3]))", "Expect()"),
    ("Categorical(logits=stack([{}, u, 0.3]))", "ScoreFunctionWOR(k=2)"),
    ("OneHotCategorical(logits=stack([{}, u, 0.3]))", "GumbelRao()"),
    ("OneHotCategorical(logits=stack([{}, u, 0.3]))", "ReinMax()"),
)


@pytest.mark.certify
@pytest.mark.parametrize("place", ["alone", "loop", "below", "above"])
@pytest.mark.parametrize(
    ("law", "method"), [*(("Bernoulli(logits={})", method) for method in BINARY), *OTHERS]
)
def test_as_if_a_parameter_had_the_plate(law: str, method: str, place: str) -> None:
    """The same draws, costs and gradients but for rounding; or both are refused."""
    event = "" if law.startswith("OneHot") else None
    seen = "b" if event is None else "(b @ tensor([0.2, -0.4, 0.9]))"
    critic = "[3] -> []" if event == "" else "[] -> []"
    head = HEAD.format(data="", sites=" sum") + f"module critic: {critic}\nmodule value: [] -> []\n"
    stories = [
        head + _steps(place, law.format(parameter), seen, each, method)
        for parameter, each in (("w", "each data"), ("w + 0 * mean(x, over=sites)", ""))
    ]
    found, problems = [], []
    for text in stories:
        try:
            found.append(_estimated(text, critic))
        except storchc.StoryError as error:
            problems.append({d.code for d in error.diagnostics if d.severity == "error"})
    assert not (found and problems), problems
    if problems:
        assert problems[0] == problems[1]
        assert place != "alone"
        return
    for first, second in zip(*found, strict=True):
        torch.testing.assert_close(first, second, rtol=1e-10, atol=1e-10)


def _steps(place: str, law: str, seen: str, each: str, method: str) -> str:
    drawn = f"sample b ~ {law} {each} with {method}".replace("  ", " ")
    match place:
        case "loop":
            return f"""
for t in range(2) from h = u:
    {drawn}
    compute h = 0.5 * h + {seen}
    cost c = tanh(h * x) + h * u
"""
        case "below":
            return f"""
sample a ~ Bernoulli(logits=u) with ScoreFunction(n=2)
{drawn}
cost c = tanh({seen} * x + a) + {seen} * u * a
"""
        case "above":
            return f"""
{drawn}
sample a ~ Bernoulli(logits={seen}) with ScoreFunction(baseline=moving_average)
cost c = tanh({seen} * x + a) + {seen} * u
"""
    return f"{drawn}\ncost c = tanh({seen} * x) + {seen} * u\n"


def _estimated(text: str, critic: str) -> list[torch.Tensor]:
    torch.manual_seed(0)
    size = 3 if critic == "[3] -> []" else 1
    modules = {"critic": _Row(size), "value": _Row(1)}
    kind = storchc.load(text=text)
    model = kind(**modules).double()
    x = torch.tensor([[0.7, -1.2], [0.3, 0.5]], dtype=torch.double)
    torch.manual_seed(5)
    estimate = model(x)
    estimate.backward()
    grads = [g for p in model.parameters() if (g := p.grad) is not None]
    draws = [estimate.samples["b"].double()] if "b" in estimate.samples else []
    return [estimate.cost, *grads, *draws]


class _Row(torch.nn.Module):
    """A small critic of rows."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size
        self.line = torch.nn.Linear(size, 1)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return self.line(rows.reshape(-1, self.size).double()).squeeze(-1).tanh()


def test_values_are_given_for_every_element() -> None:
    drawn = "sample b ~ Bernoulli(logits=w) each data with ScoreFunction()"
    model = written(f"{drawn}\ncost c = b * x", [[0.1]]).model()
    x = torch.tensor([[0.7, -1.2], [0.3, 0.5]], dtype=torch.double)
    given = torch.tensor([[1.0, 0.0]], dtype=torch.double)
    estimate = model(x, given={"b": given})
    assert torch.equal(estimate.samples["b"], given)
    assert estimate.log_probs["b"].shape == (1, 2)


class _Noise:
    """Draws as many rows as are asked for."""

    def sample(self, *, rows: int) -> torch.Tensor:
        return torch.randn(rows, 4)

    rsample = sample

    def log_prob(self, value: torch.Tensor) -> torch.Tensor:
        return -value.square().sum(-1) / 2


def test_a_distribution_of_the_users() -> None:
    text = """story T
plate data
input x[data, 4]
param w = 0.5
distribution noise reparameterized: -> [4]
sample e ~ noise() each data with Reparameterization(n=2)
cost c = sum((e * w - x) ** 2)
"""
    model = storchc.load(text=text)(noise=_Noise())
    estimate = model(torch.randn(3, 4))
    assert estimate.samples["e"].shape == (2, 3, 4)
    assert len(set(estimate.samples["e"].flatten().tolist())) == 24
    assert estimate.log_probs["e"].shape == (2, 3)
    estimate.backward()
    assert model.w.grad is not None


def test_the_most_probable_values() -> None:
    text = """story T
plate data
input x[data]
param w = 0.5
sample b ~ Bernoulli(logits=w) each data with ScoreFunction(n=3)
sample k ~ Categorical(logits=stack([w, 0.1])) each data with Expect()
cost c = (b + k - x) ** 2
"""
    estimate = storchc.load(text=text)()(torch.zeros(3), given=MODE)
    assert torch.equal(estimate.samples["b"], torch.ones(1, 3))
    assert torch.equal(estimate.samples["k"], torch.zeros(1, 3, dtype=torch.long))
    assert estimate.cost == 1


def test_every_joint_outcome_counts() -> None:
    """With the score of one element for all of them the proof fails."""
    steps = "sample b ~ Bernoulli(logits=w) each data with ScoreFunction()\ncost c = b * x"
    this = written(steps, [[0.7], [0.2]])
    source = storchc.compile(text=this.text)
    assert "b_draw.box" in source
    names: dict[str, Any] = {"__name__": "broken"}
    exec(source.replace("b_draw.box", "b_draw.box[:, :1]"), names)
    model = names["T"]().double()
    fails(lambda: certify(this, model=model))
