"""Where values bend at places that move, only so many derivatives are claimed (LOSS.md §9)."""

from __future__ import annotations

import math
import warnings

import pytest
import torch
from torch import Tensor, nn

import storchc
from storch_runtime import StoryWarning

STORY = """story Example
plate data
input x[data]
param m = 0.5
param th = 0.3
{module}
sample z ~ {family} with {method}
sample b ~ Bernoulli(logits=m) with ScoreFunction()
{steps}cost c = {cost}
cost used = th * z + b * x
"""
STEPS = {"bent": "compute bent = relu(z - th)\n", "above": "compute above = z > th\n"}

PATH, SCORE = "Reparameterization(n=3)", "ScoreFunction(n=3)"

ORDERS: dict[str, tuple[str, str, str, int | None]] = {
    # a corner that is moved
    "abs": ("abs(z)", PATH, "Normal(m, 1)", 1),
    "relu": ("relu(z)", PATH, "Normal(m, 1)", 1),
    "relu of what learns": ("relu(z - th)", SCORE, "Normal(m, 1)", 1),
    "selu": ("selu(z)", PATH, "Normal(m, 1)", 1),
    "softshrink": ("softshrink(z)", PATH, "Normal(m, 1)", 1),
    "maximum": ("maximum(z, th)", SCORE, "Normal(m, 1)", 1),
    "clamp": ("clamp(z, min=0)", PATH, "Normal(m, 1)", 1),
    "l1": ("l1_loss(z, th)", SCORE, "Normal(m, 1)", 1),
    "agreed": ("z - th if z > th else 0", SCORE, "Normal(m, 1)", 1),
    "cut": ("where(stop_gradient(z > th), z - th, 0)", SCORE, "Normal(m, 1)", 1),
    "said": ("cos(continuous(atan2(z + th, -1)))", SCORE, "Normal(m, 1)", 1),
    "norm of one": ("norm(stack([z]))", PATH, "Normal(m, 1)", 1),
    # a bend
    "elu": ("elu(z)", PATH, "Normal(m, 1)", 2),
    "celu": ("celu(z)", PATH, "Normal(m, 1)", 2),
    "huber": ("huber_loss(z, th)", PATH, "Normal(m, 1)", 2),
    "smooth l1": ("smooth_l1_loss(z, th)", SCORE, "Normal(m, 1)", 2),
    "square of a corner": ("relu(z - th) ** 2", SCORE, "Normal(m, 1)", 2),
    "square by a name": ("square(bent) + bent * bent", SCORE, "Normal(m, 1)", 2),
    "square of a name and more": ("bent ** 2 + bent", SCORE, "Normal(m, 1)", 1),
    "a corner times itself": ("relu(z - th) * relu(z - th)", SCORE, "Normal(m, 1)", 2),
    "a corner times another": ("relu(z - th) * relu(z + th)", SCORE, "Normal(m, 1)", 1),
    "squared side, turned": ("0.0 if not (z > th) else (z - th) ** 2", SCORE, "Normal(m, 1)", 2),
    "signed root": ("sign(z) * sqrt(abs(z))", PATH, "Normal(m, 1)", 1),
    "by a name": ("where(above, z - th, 0)", SCORE, "Normal(m, 1)", 1),
    "root of a corner": ("relu(z) ** 1.5 + 0 * square(relu(th))", PATH, "Normal(m, 1)", 1),
    "squared side": ("where(z > th, (z - th) ** 2, 0.0)", SCORE, "Normal(m, 1)", 2),
    "squared side, cut": (
        "where(stop_gradient(z > th), (z - th) ** 2, 0)",
        PATH,
        "Normal(m, 1)",
        2,
    ),
    "two slopes": ("where(z > th, (z - th) ** 2 + z, th)", SCORE, "Normal(m, 1)", 1),
    # scores, and densities, that bend in what learns
    "score": ("z ** 2", SCORE, "Laplace(m, 1)", 1),
    "density": ("log_prob(Laplace(th, 1), z)", SCORE, "Normal(m, 1)", 1),
    # implicit
    "gamma": ("z ** 2", PATH, "Gamma(exp(m), 1)", 1),
    # nothing moves
    "credited": ("abs(z)", SCORE, "Normal(m, 1)", None),
    "data": ("relu(x - th) + z", PATH, "Normal(m, 1)", None),
    "lattice": ("relu(b - th) + z", SCORE, "Normal(m, 1)", None),
    "positive": ("abs(exp(z)) + relu(exp(z))", PATH, "Normal(m, 1)", None),
    "scale of a Laplace": ("z ** 2", SCORE, "Laplace(0, exp(m))", None),
    "vectors": ("norm(stack([z, th, 1.0]))", PATH, "Normal(m, 1)", None),
}


def model_of(
    cost: str,
    method: str = PATH,
    family: str = "Normal(m, 1)",
    module: str = "",
    **given: nn.Module,
) -> nn.Module:
    steps = "".join(step for name, step in STEPS.items() if name in cost)
    text = STORY.format(cost=cost, method=method, family=family, module=module, steps=steps)
    made: nn.Module = storchc.load(text=text)(**given)
    return made


@pytest.mark.parametrize(("cost", "method", "family", "order"), ORDERS.values(), ids=ORDERS)
def test_the_order_that_is_claimed(cost: str, method: str, family: str, order: int | None) -> None:
    assert model_of(cost, method, family).order == order


@pytest.mark.parametrize(
    ("layer", "order"),
    [(nn.ReLU(), 1), (nn.ELU(), 2), (nn.ELU(0.5), 1), (nn.MaxPool1d(1), 1), (nn.Tanh(), None)],
    ids=str,
)
def test_layers_are_looked_for(layer: nn.Module, order: int | None) -> None:
    module = "module net: [2] -> [2]"
    made = nn.Sequential(nn.Linear(2, 2), layer)
    assert model_of("sum(net(stack([z, 1.0])))", SCORE, module=module, net=made).order == order
    assert model_of("sum(net(stack([b, 1.0])))", SCORE, module=module, net=made).order is None


def test_a_module_that_jumps_is_refused() -> None:
    for layer in (nn.Threshold(0.1, 20.0), nn.Hardshrink()):
        with pytest.raises(ValueError, match=f"`net` holds a `{type(layer).__name__}`"):
            model_of("sum(net(stack([z, 1.0])))", module="module net: [2] -> [2]", net=layer)


def second(model: nn.Module) -> Tensor:
    """The second derivative by m."""
    loss = model(torch.zeros(1, dtype=torch.float64)).loss
    m = model.get_parameter("m")
    (first,) = torch.autograd.grad(loss, m, create_graph=True)
    (found,) = torch.autograd.grad(first, m)
    assert isinstance(found, Tensor)
    return found


def test_a_derivative_beyond_warns() -> None:
    model = model_of("abs(z) + z ** 2").double()
    with pytest.warns(StoryWarning, match="beyond order 1"):
        second(model)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model(torch.zeros(1, dtype=torch.float64)).backward()
        second(model_of("abs(z) + z ** 2", SCORE).double())
        second(model_of("elu(z)").double())


FIGURES = {  # at m = 0.3: family, cost, second derivative without its term, and the true one
    "abs": ("Normal(m, 1)", "abs(z)", 0.0, 0.763),
    "relu": ("Normal(m, 1)", "relu(z)", 0.0, 0.381),
    "selu": ("Normal(m, 1)", "selu(z)", 0.379, 0.109),
    "softshrink": ("Normal(m, 1)", "softshrink(z)", 0.0, 0.101),
    "score": ("Laplace(m, 1)", "cos(z)", 0.478, -0.478),
}


@pytest.mark.parametrize(("family", "cost", "plain", "exact"), FIGURES.values(), ids=FIGURES)
def test_the_second_derivative_that_is_not_claimed_is_wrong(
    family: str, cost: str, plain: float, exact: float
) -> None:
    """The figures of LOSS.md §9, and the truth by quadrature."""
    method = "Reparameterization" if family.startswith("Normal") else "ScoreFunction"
    drawn = f"sample z ~ {family} with {method}(n=400000)"
    text = f"story Figure\nparam m = 0.3\n{drawn}\ncost c = {cost}\n"
    torch.manual_seed(0)
    model = storchc.load(text=text)().double()
    assert model.order == 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StoryWarning)
        (first,) = torch.autograd.grad(model().loss, model.m, create_graph=True)
        found = torch.autograd.grad(first, model.m)[0] if first.requires_grad else torch.zeros(())
    assert float(found) == pytest.approx(plain, abs=0.02)
    assert _second_by_quadrature(family, cost) == pytest.approx(exact, abs=2e-3)


def _second_by_quadrature(family: str, cost: str) -> float:
    step, z = 0.01, torch.linspace(-30, 30, 600_001, dtype=torch.float64)
    function = {"cos": torch.cos, "abs": torch.abs}.get(cost.partition("(")[0])
    function = function or getattr(nn.functional, cost.partition("(")[0])
    normal = family.startswith("Normal")

    def expected(m: float) -> Tensor:
        law = torch.distributions.Normal if normal else torch.distributions.Laplace
        density = law(torch.tensor(m, dtype=torch.float64), 1.0).log_prob(z).exp()
        return torch.trapezoid(function(z) * density, z)

    above, here, below = (expected(0.3 + shift) for shift in (step, 0.0, -step))
    return float((above - 2 * here + below) / step**2)


def test_the_weights_of_a_relu_decoder_have_no_second_derivative() -> None:
    """The figure of LOSS.md §9: the block of its own weights is 0, also below a scored sample."""
    text = """story Decoder
param m = 0.3
module dec: [1] -> [1] = nn.Sequential(nn.Linear(1, 1), nn.ReLU())
sample z ~ Normal(m, 1) with ScoreFunction(n=100000)
cost c = dec(stack([z]))[0]
"""
    torch.manual_seed(0)
    model = storchc.load(text=text)().double()
    assert model.order == 1
    weight, bias = model.dec[0].weight, model.dec[0].bias
    with torch.no_grad():
        weight.fill_(0.93)
        bias.fill_(-0.279)
    (first,) = torch.autograd.grad(model().loss, bias, create_graph=True)
    with pytest.warns(StoryWarning, match="beyond order 1"):
        (plain,) = torch.autograd.grad(first.sum(), bias)
    shifted = [float(_gradient_in(model, bias, shift)) for shift in (0.1, -0.1)]
    assert float(plain) == pytest.approx(0, abs=0.02)
    assert (shifted[0] - shifted[1]) / 0.2 == pytest.approx(0.429, abs=0.03)


def _gradient_in(model: nn.Module, bias: nn.Parameter, shift: float) -> Tensor:
    """That in a bias which is a little off; first derivatives are right."""
    torch.manual_seed(1)
    with torch.no_grad():
        bias.add_(shift)
    (found,) = torch.autograd.grad(model().loss, bias)
    with torch.no_grad():
        bias.sub_(shift)
    return found.detach()


INSIDE = 0.5 * (math.erf(0.5 / math.sqrt(2)) + math.erf(1.5 / math.sqrt(2)))
ABOVE = 0.5 * (1 + math.erf(0.2 / math.sqrt(2)))


@pytest.mark.parametrize(
    ("cost", "exact"),
    [
        ("huber_loss(z, 0)", INSIDE),
        ("relu(z - 0.3) ** 2", 2 * ABOVE),
        ("where(z > 0.3, (z - 0.3) ** 2, 0.0)", 2 * ABOVE),
    ],
)
def test_second_derivatives_at_a_bend_are_right(cost: str, exact: float) -> None:
    """They are how often the value is squared."""
    torch.manual_seed(0)
    text = f"""story Bend
param m = 0.5
sample z ~ Normal(m, 1) with Reparameterization(n=400000)
cost c = {cost}
"""
    model = storchc.load(text=text)().double()
    assert model.order == 2
    loss = model().loss
    (first,) = torch.autograd.grad(loss, model.m, create_graph=True)
    (found,) = torch.autograd.grad(first, model.m)
    assert float(found) == pytest.approx(exact, abs=8e-3)
