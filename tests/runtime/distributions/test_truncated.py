"""The truncated normal distribution, far out in its tails too: by quadrature."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

import storchc
from storch_runtime.distributions import Normal, TruncatedNormal, kl_divergence

INF = math.inf
INTERVALS = [
    *((-1.0, 1.0), (-0.5, 3.0), (0.0, INF), (-INF, 0.0), (-INF, INF), (0.1, 0.2), (5.0, 6.0)),
    *((20.0, INF), (-INF, -20.0), (20.0, 20.0625), (-300.0, -299.0), (1e3, INF), (-9.0, 30.0)),
]
LOC, SCALE = 0.25, 0.5
NAMES = ("loc", "scale", "low", "high")


def parameters(a: float, b: float, kind: torch.dtype = torch.float64) -> list[Tensor]:
    given = (LOC, SCALE, LOC + SCALE * a, LOC + SCALE * b)
    return [torch.tensor(v, dtype=kind, requires_grad=math.isfinite(v)) for v in given]


def law(tensors: list[Tensor] | tuple[Tensor, ...]) -> TruncatedNormal:
    given: dict[str, Any] = dict(zip(NAMES, tensors, strict=True))
    return TruncatedNormal(**given)


def grid(a: float, b: float) -> tuple[Tensor, Tensor]:
    """Standard values, and their probabilities by the trapezoidal rule."""
    near = 0.0 if a <= 0 <= b else (a if a > 0 else b)
    reach = 90 / (abs(near) + math.sqrt(near**2 + 90))
    first, last = max(a, near - reach), min(b, near + reach)
    z = torch.linspace(first, last, 400_001, dtype=torch.float64)
    weight = ((near - z) * (near + z) / 2).exp()
    weight[0], weight[-1] = weight[0] / 2, weight[-1] / 2
    return z, weight / weight.sum()


@pytest.mark.parametrize("kind", [torch.float64, torch.float32])
@pytest.mark.parametrize(("a", "b"), INTERVALS)
def test_moments_and_density(a: float, b: float, kind: torch.dtype) -> None:
    z, weight = grid(a, b)
    made = law(parameters(a, b, kind))
    tight = 1e-9 if kind == torch.float64 else 2e-6
    mean = (weight * z).sum()
    variance = (weight * (z - mean).square()).sum()
    off = (made.mean.double() - LOC) / SCALE - mean
    assert abs(off.item()) < tight * max(1, abs(float(mean)))
    slack = 1e-6 if kind == torch.float64 else 1e-2 if abs(float(mean)) > 100 else 1e-4
    torch.testing.assert_close(made.variance.double() / SCALE**2, variance, rtol=slack, atol=0)
    value = (LOC + SCALE * z[:: len(z) // 50]).to(kind)
    if kind == torch.float64:
        found = made.ending_log_prob(value[1:-1]).exp()
        step = float(z[1] - z[0]) * SCALE
        torch.testing.assert_close(found, (weight / step)[:: len(z) // 50][1:-1], rtol=1e-5, atol=0)
        entropy = -(weight * ((weight / step).clamp(min=1e-300)).log()).sum()
        torch.testing.assert_close(made.entropy(), entropy, rtol=1e-4, atol=1e-4)
        return
    wide = law([t.double() for t in parameters(a, b, kind)])
    rounding = 3e-7 * abs(float(mean)) ** 2 + 2e-6
    torch.testing.assert_close(
        made.log_prob(value).double(), wide.log_prob(value.double()), rtol=1e-5, atol=rounding
    )
    torch.testing.assert_close(made.entropy().double(), wide.entropy(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("a", "b"), INTERVALS)
def test_draws_are_quantiles(a: float, b: float) -> None:
    z, weight = grid(a, b)
    below = weight.cumsum(0)
    u = torch.tensor([0.01, 0.2, 0.5, 0.9, 0.999], dtype=torch.float64)
    made = law(parameters(a, b))
    value = made.from_noise(u).detach()
    expected = LOC + SCALE * z[torch.searchsorted(below, u)]
    torch.testing.assert_close(value, expected, rtol=1e-5, atol=SCALE * 2 * float(z[1] - z[0]))
    torch.testing.assert_close(made.noise(value).detach(), u, rtol=1e-9, atol=1e-9)
    narrow = law(parameters(a, b, torch.float32))
    drawn = narrow.from_noise(u.float()).detach()
    torch.testing.assert_close(drawn.double(), value, rtol=2e-6, atol=2e-6)
    assert bool(((drawn >= narrow.low) & (drawn <= narrow.high)).all())


def formulas(made: TruncatedNormal, value: Tensor, u: Tensor) -> dict[str, Tensor]:
    return {
        "log_prob": made.log_prob(value),
        "draw": made.from_noise(u),
        "replay": made.replay(value),
        "mean": made.mean,
        "variance": made.variance,
        "entropy": made.entropy(),
        "divergence": kl_divergence(made, Normal(torch.tensor(0.1).double(), 1.5)),
    }


FORMULAS = ["log_prob", "draw", "mean", "variance", "entropy", "divergence"]
BENT = [
    *((0.0, INF), (2.0, 2.25)),
    *(
        pytest.param(*ends, marks=pytest.mark.certify)
        for ends in [(-1.0, 1.5), (-INF, -3.0), (5.0, INF)]
    ),
]


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize(("a", "b"), BENT)
def test_derivatives_of_two_orders(a: float, b: float, name: str) -> None:
    given = parameters(a, b)
    u = torch.tensor([0.05, 0.5, 0.95], dtype=torch.float64)
    value = law(given).from_noise(u).detach()
    learning = [t for t in given if t.requires_grad]

    def formula(*moved: Tensor) -> Tensor:
        rest = iter(moved)
        made = law([next(rest) if t.requires_grad else t for t in given])
        return formulas(made, value, u)[name]

    assert torch.autograd.gradcheck(formula, learning, atol=1e-5)
    assert torch.autograd.gradgradcheck(formula, learning, atol=1e-4)


@pytest.mark.parametrize("kind", [torch.float64, torch.float32])
@pytest.mark.parametrize(("a", "b"), INTERVALS)
def test_a_replayed_value_has_the_derivatives_of_its_noise(
    a: float, b: float, kind: torch.dtype
) -> None:
    u = torch.tensor([0.01, 0.5, 0.97], dtype=torch.float64)
    wide = [torch.tensor(t.double().item(), dtype=torch.float64) for t in parameters(a, b, kind)]
    wide = [t.requires_grad_(bool(t.isfinite())) for t in wide]
    given = parameters(a, b, kind)
    value = law(given).from_noise(u.to(kind)).detach()
    replayed = law(given).replay(value)
    assert torch.equal(replayed, value)
    exact = law(wide).from_noise(law(wide).noise(value.double()).detach())
    slack = 1e-9 if kind == torch.float64 else 2e-3
    for i in range(len(u)):
        slopes = [
            torch.autograd.grad(out[i], [t for t in tensors if t.requires_grad], retain_graph=True)
            for out, tensors in ((replayed, given), (exact, wide))
        ]
        for one, other in zip(*slopes, strict=True):
            torch.testing.assert_close(one.double(), other, rtol=slack, atol=slack)


def test_ends_of_every_plate() -> None:
    """Some infinite, some not, and none in the wrong order."""
    low = torch.tensor([-INF, 0.0, -1.0, 2.0], requires_grad=True)
    high = torch.tensor([0.0, INF, 1.0, 1.0], requires_grad=True)
    loc = torch.full((4,), 0.3, requires_grad=True)
    made = TruncatedNormal(loc=loc, scale=0.5, low=low, high=high)
    value = made.rsample(500)
    assert value[:, 3].isnan().all() and made.log_prob(value)[:, 3].isnan().all()
    total = value[:, :3].sum() + made.log_prob(value.detach())[:, :3].sum()
    slopes = torch.autograd.grad(total, [loc, low, high])
    assert all(slope[:3].isfinite().all() for slope in slopes)
    assert slopes[1][0] == 0 and slopes[2][1] == 0


def test_a_divergence_from_what_ends_within_is_infinite() -> None:
    wide, narrow = law(parameters(-2, 2)), law(parameters(-1, 1))
    assert kl_divergence(wide, narrow) == INF
    assert kl_divergence(narrow, wide).isfinite()


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_half_precision_goes_by_single(kind: torch.dtype) -> None:
    given = [t.detach().to(kind).requires_grad_() for t in parameters(4.0, 6.0)]
    made = law(given)
    value = made.rsample(1000)
    assert value.dtype == kind and bool(((value >= made.low) & (value <= made.high)).all())
    (value.mean() + made.log_prob(value.detach()).mean()).backward()
    assert all(bool(t.grad is not None and t.grad.isfinite()) for t in given)


# --- in stories -----------------------------------------------------------------------------------

STORY = """story S
param m = 0.3
param s = 0.8
param low = -0.5
sample z ~ TruncatedNormal(m, s, {ends}) with {method}
cost c = z ** 3 + m * z
"""


def exact(ends: tuple[float, float], m: Tensor, s: Tensor, low: Tensor | None) -> Tensor:
    """The expected cost, differentiable."""
    first = torch.as_tensor(ends[0]).double() if low is None else low
    place = torch.linspace(0, 1, 200_001, dtype=torch.float64)
    z = first + (min(ends[1], 9.0) - first) * place
    weight = (-((z - m) / s).square() / 2).exp()
    weight = weight * torch.ones_like(place).index_fill_(0, torch.tensor([0, 200_000]), 0.5)
    return (weight * (z**3 + m * z)).sum() / weight.sum()


CASES: dict[str, tuple[str, tuple[float, float], bool]] = {
    "Reparameterization(n=200_000)": ("low, 1.5", (0.0, 1.5), True),
    "Reparameterization(n=200_001)": ("low, inf", (0.0, INF), True),
    "ScoreFunction(n=400_000, baseline=batch_average)": ("-0.5, 1.5", (-0.5, 1.5), False),
    "Infer(n=200_000)": ("-1, inf", (-1.0, INF), False),
    "Reparameterization() using QuasiMonteCarlo(n=65_536)": ("low, 2", (0.0, 2.0), True),
}


@pytest.mark.parametrize("method", CASES)
def test_the_gradient_of_a_story(method: str) -> None:
    ends, numbers, learned = CASES[method]
    model: Any = storchc.load(text=STORY.format(ends=ends, method=method))().double()
    torch.manual_seed(0)
    model().backward()
    m, s, low = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (0.3, 0.8, -0.5))
    total = exact(numbers, m, s, low if learned else None)
    wanted = torch.autograd.grad(total, [m, s, low], allow_unused=True)
    for name, slope in zip(("m", "s", "low"), wanted, strict=True):
        if slope is not None:
            assert float(getattr(model, name).grad) == pytest.approx(float(slope), abs=0.02), name


def test_a_path_without_its_ends_would_be_seen() -> None:
    """The derivative of ``loc + scale * z`` alone is another one: 1 in the location."""
    loc = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    made = TruncatedNormal(loc=loc, scale=0.8, low=-0.5, high=1.5)
    torch.manual_seed(0)
    (slope,) = torch.autograd.grad(made.rsample(1000).mean(), loc)
    (mean,) = torch.autograd.grad(made.mean, loc)
    assert float(slope) == pytest.approx(float(mean), abs=0.05)
    assert float(mean) < 0.5


WORDS = {
    "ends that learn below a score": ("low, 1.5", "ScoreFunction()", ["S412"]),
    "ends that learn below a path": ("low, 1.5", "Reparameterization()", []),
    "an infinite end": ("low, inf", "Reparameterization()", []),
    "the other one": ("-inf, 2", "Infer()", []),
    "ends in the wrong order": ("1, 0", "Infer()", ["S340"]),
    "a narrower proposal": ("-1, 1", "ScoreFunction() using {}0, 1)", ["S343"]),
    "a wider proposal": ("-1, 1", "ScoreFunction() using {}-2, inf)", []),
}
PROPOSED = "ImportanceSampling(n=5, proposal=TruncatedNormal(0, 1, "


@pytest.mark.parametrize("case", WORDS)
def test_what_is_said_of_a_story(case: str) -> None:
    ends, method, codes = WORDS[case]
    text = STORY.format(ends=ends, method=method.format(PROPOSED) + ")" * ("{}" in method))
    if "low" not in ends:
        text = text.replace("param low = -0.5\n", "")
    text = text.replace("(m, s, ", "(m, exp(s), ")
    assert [d.code for d in storchc.check(text=text)] == codes
