"""What ranges could not prove is looked at in the first call of a model (LOSS.md §10)."""

from __future__ import annotations

import copy
import io
from typing import Any

import pytest
import torch
from torch import nn

import storchc
from storch_runtime import NonFiniteCost, StoryValueError, StoryWarning

STORY = """\
story Unproven
plate data
input s[data]
param w = 1.0
sample z ~ Normal(w, s) with ScoreFunction()
sample b ~ Bernoulli(probs=0.4 + w)
cost c = (z - b) ** 2
"""
GOOD, BAD = torch.tensor([1.0, 2.0]), torch.tensor([1.0, -2.0])


def model(w: float = 0.1) -> Any:
    made: Any = storchc.load(text=STORY)()
    made.w.data.fill_(w)
    return made


def test_the_first_call_names_the_parameter_and_the_line() -> None:
    with pytest.raises(
        StoryValueError, match=r"`scale` must be positive, but 1 of 2 .* \(-2\)"
    ) as e:
        model()(BAD)
    assert any(":5" in note for note in e.value.__notes__)
    with pytest.raises(
        StoryValueError, match=r"`probs` must be strictly between 0 and 1 .* but it is 1\.4"
    ) as e:
        model(1.0)(GOOD)
    assert any(":6" in note for note in e.value.__notes__)


def test_only_the_first_call_looks() -> None:
    made = model()
    made(GOOD)
    made(BAD)
    with pytest.raises(StoryValueError):
        copy.deepcopy(made)(BAD)
    buffer = io.BytesIO()
    torch.save(made.state_dict(), buffer)
    assert not any("valid" in key for key in made.state_dict())


def test_a_call_that_fails_is_not_the_first_one() -> None:
    made = model()
    for _ in range(2):
        with pytest.raises(StoryValueError):
            made(BAD)


def test_all_calls_look_or_none() -> None:
    made = model()
    made.validate = "always"
    made(GOOD)
    with pytest.raises(StoryValueError):
        made(BAD)
    made = model()
    made.validate = "never"
    made(BAD)
    with pytest.raises(ValueError, match='"first", "always" or "never"'):
        made.validate = "sometimes"


def test_nothing_looks_while_torch_compiles() -> None:
    made = model()
    compiled: Any = torch.compile(made, backend="eager", fullgraph=True)
    compiled(BAD)


def test_what_is_proven_is_not_looked_at() -> None:
    text = "story S\nparam m = 0.0\nsample z ~ Normal(m, exp(m))\ncost c = z\n"
    assert "within" not in storchc.compile(text=text)


def test_the_layer_that_a_module_is_supposed_to_end_in_is_checked() -> None:
    text = (
        "story S\nplate data\ninput x[data, 2]\n"
        "module f: [2] -> [2] = nn.Sequential(nn.Linear(2, 2), nn.Softplus())\n"
        "sample z ~ Normal(0, f(x))\ncost c = sum(z)\n"
    )
    made: Any = storchc.load(text=text)
    made()(torch.ones(3, 2))
    with pytest.raises(StoryValueError):
        made(f=nn.Tanh())(-torch.ones(3, 2))


def test_data_outside_of_the_support_are_found_in_the_first_call() -> None:
    text = (
        "story S\nplate data\ninput x[data]\ninput y[data]\nparam m = 0.0\n"
        "observe x ~ Exponential(exp(m))\nobserve y ~ Bernoulli(logits=m)\n"
    )
    made: Any = storchc.load(text=text)
    with pytest.raises(
        StoryValueError, match=r"`x` lies outside .* `Exponential`: 1 of 2 .* -2"
    ) as e:
        made()(torch.tensor([1.0, -2.0]), torch.ones(2))
    assert any(":6" in note for note in e.value.__notes__)
    with pytest.raises(StoryValueError, match="`Bernoulli`: 1 of 2 elements, such as 17"):
        made()(torch.ones(2), torch.tensor([0.5, 17.0]))
    once = made()
    once(torch.ones(2), torch.ones(2))
    assert once(torch.tensor([0.0, -1.0]), torch.ones(2)).cost == torch.inf


def test_a_proposal_for_the_cost_alone_is_right_where_that_is_0_elsewhere() -> None:
    text = (
        "story S\nparam m = 0.0\nsample z ~ Normal(m, 1) with ScoreFunction() "
        "using ImportanceSampling(n=100000, proposal=Exponential(1), covers=cost)\n"
        "cost c = 1 if z > 0 else 0\n"
    )
    torch.manual_seed(0)
    made: Any = storchc.load(text=text)
    assert float(made()().cost) == pytest.approx(0.5, abs=0.01)


def test_temperatures_are_positive() -> None:
    text = (
        "story S\nparam p = 0.0\ninput tau\n"
        "sample z ~ Bernoulli(logits=p) with GumbelSoftmax(temperature=tau)\ncost c = z ** 2\n"
    )
    made: Any = storchc.load(text=text)
    made()(0.5)
    with pytest.raises(StoryValueError, match="`temperature` must be positive, but it is 0"):
        made()(0.0)


def test_a_score_that_cannot_see_an_outcome_is_found() -> None:
    """With probs 0 the gradient of a score function is -1 where 3 is true."""
    text = "story S\nparam p = 0.5\nsample z ~ Bernoulli(probs=p) with {}\ncost c = 4 * z - p\n"
    for probs in (0.0, 1.0):
        made: Any = storchc.load(text=text.format("ScoreFunction()"))()
        made.p.data.fill_(probs)
        with pytest.raises(
            StoryValueError, match="strictly between 0 and 1 below a score function"
        ):
            made()
        made = storchc.load(text=text.format("Expect()"))()
        made.p.data.fill_(probs)
        made().backward()
        assert float(made.p.grad) == pytest.approx(3, abs=1e-4)


GATED = """story Gated
param p = 0.4
{before}
for t in range(3) from b = 1.0:
    compute q = {probs}
    sample b ~ Bernoulli(probs=q) with ScoreFunction(n=100_000)
    cost c = b * (t + 1)
"""


def test_a_lattice_value_may_make_an_outcome_impossible() -> None:
    """As where nothing comes after what was not there: whatever learns, it is 0."""
    made: Any = storchc.load(text=GATED.format(before="", probs="sigmoid(p) * b"))().double()
    torch.manual_seed(0)
    made().backward()
    s = torch.tensor(0.4, dtype=torch.float64).sigmoid()
    exact = (1 + 4 * s + 9 * s**2) * s * (1 - s)
    assert float(made.p.grad) == pytest.approx(float(exact), abs=3e-2)


def test_a_network_beside_a_lattice_value_may_not() -> None:
    """Nor by names: where the value is 1 the network alone makes the outcome impossible."""
    text = GATED.format(before="module net: [] -> []\ninput x", probs="net(x) * b")
    gate = "compute gate = net(x)\n    compute q = gate * b"
    for story in (text, text.replace("compute q = net(x) * b", gate)):
        storchc.load(text=story)(net=nn.Sequential(nn.Threshold(2.0, 0.5)))(1.0)
        with pytest.raises(StoryValueError, match="strictly between 0 and 1"):
            storchc.load(text=story)(net=nn.ReLU())(-1.0)


def test_what_learns_may_not() -> None:
    for probs in ("p + 0 * b", "p * x + 0 * b", "p * b", "(x * b) * (0.5 * p)"):
        made: Any = storchc.load(text=GATED.format(before="input x", probs=probs))()
        made.p.data.fill_(0.0)
        with pytest.raises(StoryValueError, match="strictly between 0 and 1"):
            made(1.0)


SILENT = {  # what stayed finite, with the value that it must not have
    "sample z ~ Gamma(p, 1) with ScoreFunction()\ncost c = z": -0.5,
    "sample z ~ Categorical(probs=stack([2, p, 1])) with ScoreFunction()\ncost c = 1.0 * z": -1.0,
    "cost c = kl_divergence(Normal(0, p), Normal(0, 1))": -1.0,
    "sample z ~ Normal(0, p) with Reparameterization()\ncost c = z ** 2": -1.0,
    "sample z ~ Gamma(p, 1) with Reparameterization()\ncost c = z": -0.5,
    "sample z ~ Beta(p, 1) with Reparameterization()\ncost c = z": -0.5,
    "sample z ~ Bernoulli(probs=p) with Expect()\ncost c = z": 1.2,
}


@pytest.mark.parametrize("body", SILENT)
def test_what_leaves_its_bounds_later_on_is_reported(body: str) -> None:
    made: Any = storchc.load(text=f"story S\nparam p = 0.5\n{body}\n")()
    made().backward()
    made.p.data.fill_(SILENT[body])
    with pytest.raises((NonFiniteCost, RuntimeError)):
        made().backward()


def test_nothing_looks_at_values_that_torch_maps_over() -> None:
    text = "story S\nparam s = 1.0\ncost c = log_prob(Normal(0, s), 1.0)\n"
    made: Any = storchc.load(text=text)()

    def loss(s: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = torch.func.functional_call(made, {"s": s}).loss
        return found

    scales = torch.tensor([1.0, 2.0])
    slopes = torch.func.vmap(torch.func.grad(loss))(scales)
    torch.testing.assert_close(slopes, scales**-3 - 1 / scales)


MANY = """\
story S
plate data
dim P
input x[data, P]
input k[data]: int
param w = 0.0
cost c = sum((x - w) * one_hot(k, P))
"""


@pytest.mark.parametrize("wrong", [3, -1])
def test_a_class_that_there_is_not(wrong: int) -> None:
    made: Any = storchc.load(text=MANY)()
    classes = torch.tensor([0, wrong])
    with pytest.raises(
        StoryValueError, match=rf":7: `k` is to be a class from 0 to 2, but {wrong}"
    ):
        made(torch.zeros(2, 3), classes)
    made(torch.zeros(2, 4), classes.abs()).backward()


def test_classes_that_are_drawn_are_known() -> None:
    text = (
        "story S\ndim P = 3\nparam w[P] = zeros()\nsample z ~ Categorical(logits=w) with Expect()\n"
    )
    assert "of_classes" not in storchc.compile(text=text + "cost c = sum(one_hot(z, P) * w)\n")


def test_a_total_that_is_a_parameter() -> None:
    """No operation made it: there is nothing in which its gradient could stop being finite."""
    model: Any = storchc.load(text="story Bare\nparam m = 0.0\ncost c = m\n")()
    model().backward()
    assert float(model.m.grad) == 1


PATHWISE = "Reparameterization(n=999)"
SMALL = """\
story S
param w = 0.0
sample z ~ TransformedDistribution(Normal({}, exp(w)), ExpTransform()) with {method}
cost c = log(z)
"""


def test_logarithms_of_draws_that_ended_at_the_smallest_number() -> None:
    """E log z is -100; in single precision it comes out as -87.3."""
    made = storchc.load(text=SMALL.format(-100, method=PATHWISE))
    with pytest.warns(StoryWarning, match=r":4: `z`: 100% of its elements .* of float32"):
        wrong = made()().loss
    assert float(wrong.detach()) == pytest.approx(-87.3, abs=1)
    assert float(made().double()().loss.detach()) == pytest.approx(-100, abs=1)
    storchc.load(text=SMALL.format(-10, method=PATHWISE))()()
