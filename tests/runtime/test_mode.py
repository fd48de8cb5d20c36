"""``given=MODE``: every sample takes its most probable value, given those before it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import storch_runtime.distributions as families
import storchc
from storch_runtime import MODE, Method, reduce_plates
from storch_runtime.greedy import Certain
from storchc.ir.graph import Graph
from storchc.ir.nodes import Callee
from storchc.ir.types import ValueType
from tests.random_stories.loops import loop_stories
from tests.random_stories.memory import keepers, watched
from tests.random_stories.running import on_each
from tests.random_stories.strategies import RandomStory, stories

ROOT = Path(__file__).parents[2]
STORIES = [
    *sorted((ROOT / "tests" / "golden").glob("*/story.story")),
    *sorted((ROOT / "specs").glob("*/*.story")),
]


class StandIn(nn.Module):
    """A module or function of the user's: positive numbers of the declared shapes."""

    def __init__(self, callee: Callee) -> None:
        super().__init__()
        self.callee = callee

    def forward(self, *arguments: Any) -> Any:
        given = [a for each in arguments for a in (each if isinstance(each, tuple) else (each,))]
        rank = len(self.callee.arguments[0].items[0].shape)
        lead = given[0].shape[: given[0].dim() - rank]
        total = torch.stack([a.float().reshape(*lead, -1).mean(-1) for a in given]).sum(0)
        made = [
            tuple(number(total, item) for item in slot.items)
            if slot.is_tuple
            else number(total, slot.items[0])
            for slot in self.callee.results
        ]
        return made[0] if len(made) == 1 else tuple(made)


def number(total: Tensor, item: ValueType) -> Tensor:
    shape = [size.value or 3 for size in item.shape]
    ramp = torch.linspace(-1, 1.3, math.prod(shape)).reshape(shape)
    value = (total.reshape(*total.shape, *(1,) * len(shape)) + ramp).sin() + 1.1
    return value > 2 if item.dtype == "bool" else value


def built(graph: Graph, cls: Any) -> Any:
    given = {}
    for callee in graph.callees.values():
        stand_in = StandIn(callee)
        given[callee.name] = stand_in if callee.kind == "module" else stand_in.forward
    return cls(**given)


def inputs(graph: Graph) -> dict[str, Tensor]:
    torch.manual_seed(0)
    made = {}
    for item in graph.inputs:
        shape = [4] * len(item.type.plates) + [size.value or 3 for size in item.type.shape]
        kind = {"float": torch.float32, "int": torch.int64, "bool": torch.bool}[item.type.dtype]
        made[item.name] = (torch.rand(shape) * (1 if item.type.dtype == "int" else 2)).to(kind)
    return made


def is_greedy(graph: Graph, estimate: Any) -> None:
    """One element in every sample plate, which weighs 1, and no gradient."""
    sizes = estimate.plate_sizes()
    assert all(sizes[plate] == 1 for plate in graph.sample_plates if plate in sizes)
    for name in estimate.samples:
        if not estimate.layout.samples[name].absent:
            assert (estimate.weights[name] == 1).all()
            plates = [sizes[p] for p in estimate.plates[name]]
            assert list(estimate.samples[name].shape[: len(plates)]) == plates
    for name, cost in {**estimate.costs, **estimate.reports}.items():
        assert list(cost.shape[: len(estimate.plates[name])]) == [
            sizes[p] for p in estimate.plates[name]
        ]
    assert not estimate.loss.requires_grad
    with pytest.raises(RuntimeError, match="most probable ones, not drawn"):
        estimate.backward()


def plainly(graph: Graph) -> dict[str, str]:
    """A method for each sample that neither enumerates nor draws together."""
    return {node.name: "ScoreFunction()" for node in graph.samples}


@pytest.mark.parametrize("story", STORIES, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_stories_of_every_shape(story: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The costs are those with any other method: modes ask nobody how values are drawn."""
    monkeypatch.syspath_prepend(str(ROOT / "specs" / "custom_method"))
    graph = storchc.analyze(story)
    if any(callee.kind == "distribution" for callee in graph.callees.values()):
        pytest.skip("one of the user's is tried below")
    model, data = built(graph, storchc.load(story)), inputs(graph)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    random = torch.get_rng_state()
    if story.parent.name == "mixture":
        with pytest.raises(ValueError, match="`y` has no most probable value that is known"):
            model(**data, given=MODE)
        return
    estimate = model(**data, given=MODE)
    is_greedy(graph, estimate)
    assert torch.equal(random, torch.get_rng_state())
    after = model.state_dict()
    assert all(torch.equal(v, after[k]) for k, v in before.items())
    try:
        other = built(graph, storchc.load(story, methods=plainly(graph)))
    except storchc.StoryError:
        return  # one has no score
    other.load_state_dict(model.state_dict(), strict=False)
    plain = other(**data, given=MODE)
    for name, cost in plain.costs.items():
        torch.testing.assert_close(estimate.costs[name], cost, equal_nan=True)


def same_costs(story: RandomStory, seen: list[str]) -> None:
    functions = keepers(story.text)
    try:
        graph = storchc.analyze(text=story.text)
        plain = storchc.load(text=story.text, methods=plainly(graph))
    except storchc.StoryError:
        return
    data = {k: torch.as_tensor(v) for k, v in story.inputs.items()}
    model: Any = watched(storchc.load(text=story.text)(**functions), functions)
    other: Any = watched(plain(**functions), functions)
    other.load_state_dict(model.state_dict(), strict=False)
    estimate, expected = (made(**data, given=MODE) for made in (model, other))
    is_greedy(graph, estimate)
    for name, cost in expected.costs.items():
        torch.testing.assert_close(estimate.costs[name], cost, equal_nan=True)
    seen.append(story.text)


def many(examples: int, part: int) -> None:
    seen: list[str] = []
    on_each(stories(), examples, part, lambda story: same_costs(story, seen))
    on_each(loop_stories(), examples, part + 1, lambda story: same_costs(story, seen))
    assert len(seen) > examples


def test_random_stories() -> None:
    many(6, 900)


@pytest.mark.certify
def test_more_random_stories() -> None:
    many(200, 902)


# --- by hand --------------------------------------------------------------------------------------

X = torch.tensor([1.0, -2.0, 0.0])


def bernoulli(logits: Tensor, value: Tensor) -> Tensor:
    return -nn.functional.binary_cross_entropy_with_logits(logits, value, reduction="none")


TREE = """story Tree
plate data
input x[data]
param w = 0.5
sample z ~ Bernoulli(logits=w * x) with {z}
sample y ~ Categorical(logits=stack([z, w * x, 0.3 + z])) with {y}
sample v ~ Normal(y + z, 1) with Reparameterization(n=3)
cost c = (v - 0.2 * z) ** 2 - log_prob(Bernoulli(logits=w * x), z)
cost d = -y * z
report r = mean(v, over=[v, y, z])
"""


def tree() -> tuple[Tensor, Tensor]:
    z = (X >= 0).float()
    y = torch.stack([z, 0.5 * X, 0.3 + z], -1).argmax(-1)
    v = y + z
    return (v - 0.2 * z) ** 2 - bernoulli(0.5 * X, z) - y * z, v


@pytest.mark.parametrize("z", ["Expect()", "ScoreFunction(n=7)", "DisARM()", "LocalExpectation()"])
@pytest.mark.parametrize("y", ["Expect()", "ScoreFunction(n=2)", "LocalExpectation()"])
def test_a_tree(z: str, y: str) -> None:
    model: Any = storchc.load(text=TREE.format(z=z, y=y))()
    estimate = model(X, given=MODE)
    total, v = tree()
    torch.testing.assert_close(estimate.cost, total.mean())
    torch.testing.assert_close(estimate.reports["r"], v)
    assert estimate.samples["v"].shape == (1, 1, 1, 3)
    reduced = reduce_plates(estimate, "c") + reduce_plates(estimate, "d")
    torch.testing.assert_close(reduced, total.mean())


def test_a_tree_whose_enumeration_is_not_at_its_mode_would_be_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def as_ever(self: Certain) -> Tensor:
        assert isinstance(self.of, families.Bernoulli)
        return self.of.outcome_log_probs()

    monkeypatch.setattr(Certain, "outcome_log_probs", as_ever)
    model: Any = storchc.load(text=TREE.format(z="Expect()", y="ScoreFunction()"))()
    assert abs(model(X, given=MODE).cost - tree()[0].mean()) > 0.01


CHAIN = """story Chain
param w[3, 3] = tensor([[0.1, 0.5, 0.2], [0.9, 0.0, 0.1], [0.3, 0.3, 0.2]])
param g[3] = tensor([0.2, 0.4, 1.0])
for t in range(4) from z = zeros([3]):
    sample z ~ OneHotCategorical(logits=g - 2 * z + z @ w) with {method}
    cost c = sum(z * tensor([1.0, 2.0, 4.0])) * (t + 1)
{end}"""
METHODS = [
    *("Expect()", "ScoreFunction(n=4)", "UnorderedSetEstimator(k=3)", "SumAndSample(sum_size=2)"),
    *("ScoreFunction() using BeamSearch(k=2)", "ReinMax(n=2)"),
]


@pytest.mark.parametrize("end", ["", "cost e = sum(sequence(z)[0] * sequence(z)[3]) ** 2\n"])
@pytest.mark.parametrize("method", METHODS)
def test_a_chain(method: str, end: str) -> None:
    model: Any = storchc.load(text=CHAIN.format(method=method, end=end))()
    w, g = model.w.detach(), model.g.detach()
    z, total, classes = torch.zeros(3), 0.0, []
    for t in range(4):
        classes.append(int((g - 2 * z + z @ w).argmax()))
        z = torch.eye(3)[classes[-1]]
        total += [1.0, 2.0, 4.0][classes[-1]] * (t + 1)
    total += float(classes[0] == classes[3]) if end else 0.0
    assert len(set(classes)) > 1
    assert float(model(given=MODE).cost) == pytest.approx(total)


STOPPING = """story Stopping
param w = 0.7
for t in range(5) from s = 0.0:
    sample go ~ Bernoulli(logits=w - s) with {method}
    cost c = 1 + go * s
    compute s = s + 0.5 * go
    stop when s > {limit}
"""


@pytest.mark.parametrize("method", ["Expect()", "ScoreFunction(n=3)", "UnorderedSetEstimator(k=2)"])
def test_a_loop_that_stops(method: str) -> None:
    model: Any = storchc.load(text=STOPPING.format(method=method, limit=0.9))()
    assert float(model(given=MODE).cost) == pytest.approx(1 + 0 + 1 + 0.5)


def test_parts_of_one_joint_sample() -> None:
    text = """story Pair
param m[3] = tensor([0.1, 0.7, 0.2])
param v = -0.3
sample z ~ OneHotCategorical(logits=m) with UnorderedSetEstimator(k=4)
for t in range(2) from h = 0.0:
    sample b ~ Bernoulli(logits=v + sum(z * m) - h) with UnorderedSetEstimator() in z
    sample e ~ Normal(b, 1) with Reparameterization() in z
    compute h = h + e
cost c = sum(z * tensor([1.0, 10.0, 100.0])) + sum(sequence(b) * tensor([2.0, 3.0])) + h
"""
    model: Any = storchc.load(text=text)()
    estimate = model(given=MODE)
    assert float(estimate.cost) == pytest.approx(10 + 2 + 1)
    assert estimate.samples["b"].tolist() == [[1.0, 0.0]]
    with pytest.raises(ValueError, match="`z` is a part of a joint sample"):
        model(given={"z": MODE})


def test_weighted_draws_and_bounds() -> None:
    text = """story Weighed
param m = 0.4
sample z ~ Normal(m, 1) with ScoreFunction() using ImportanceSampling(n=6, proposal=Normal(2, 3))
sample y ~ Gamma(3, 1 + z ** 2) with Reparameterization(n=2)
cost bound = -logmeanexp(log_prob(Normal(z, 1), 1.0), over=z)
cost c = y
"""
    model: Any = storchc.load(text=text)()
    expected = 0.5 * 0.36 + 0.5 * math.log(2 * math.pi) + 2 / 1.16
    assert float(model(given=MODE).cost) == pytest.approx(expected)


# --- what is asked for ----------------------------------------------------------------------------

ONE = "story One\nparam w = 0.4\nsample z ~ {law} with {method}\ncost c = sum(z * w)\n"
PEAKS: dict[str, list[float]] = {
    "Bernoulli(0.5 + 0 * w)": [1.0],
    "Categorical(logits=w * zeros([3]))": [0.0],
    "OneHotCategorical(logits=w * zeros([3]))": [1.0, 0.0, 0.0],
    "Poisson(w + 2)": [2.0],
    "Multinomial(5, probs=tensor([0.2, 0.5, 0.3]) + 0 * w)": [1.0, 3.0, 1.0],
    "TruncatedNormal(w, 1, 1, inf)": [1.0],
    "VonMises(w + 4, 1)": [4.4 - 2 * math.pi],
    "Beta(3, 2 + 0 * w)": [2 / 3],
    "LogNormal(w, 0.5)": [math.exp(0.4 - 0.25)],
    "LogisticNormal(w * zeros([1]), 1)": [0.5, 0.5],
    "RelaxedBernoulli(0.5, logits=w)": [1.0],
    "RelaxedOneHotCategorical(0.5, logits=w * tensor([1.0, 3.0]))": [0.0, 1.0],
    "LogitRelaxedBernoulli(0.5, logits=w)": [0.8],
    "ContinuousBernoulli(logits=-w)": [0.0],
    "GeneralizedPareto(1, 1, 0.2)": [1.0],
    "ZeroInflated(Poisson(exp(w) + 2), gate=0.1)": [3.0],
    "ZeroInflated(Poisson(exp(w) + 2), gate=0.9)": [0.0],
    "ZeroInflated(Normal(w, 1), gate=0.1)": [0.0],
    "TransformedDistribution(Normal(w, 1), [TanhTransform(), AffineTransform(1, 2)])": [
        1 + 2 * math.tanh(0.4)
    ],
    "MixtureSameFamily(Categorical(logits=w * zeros([2])), Bernoulli(tensor([0.9, 0.3])))": [1.0],
    "RelaxedOneHotCategoricalStraightThrough(0.5, logits=w * tensor([1.0, 3.0]))": [0.0, 1.0],
}


@pytest.mark.parametrize("law", PEAKS)
def test_the_most_probable_value(law: str) -> None:
    made = storchc.load(text=ONE.format(law=law, method="ScoreFunction(n=3)"))
    value = made()(given=MODE).samples["z"]
    torch.testing.assert_close(value.double().flatten().tolist(), PEAKS[law], rtol=1e-5, atol=1e-5)


USERS = """story Users
distribution coin discrete: [] -> []
param w = 0.4
sample z ~ coin(w) with ScoreFunction(n=3)
sample y ~ Delta(z * w) with Reparameterization()
cost c = y
"""


class Coin(nn.Module):
    def sample(self, logits: Tensor) -> Tensor:
        return torch.bernoulli(logits.sigmoid())

    def log_prob(self, value: Tensor, logits: Tensor) -> Tensor:
        return bernoulli(logits, value)


class CoinWithMode(Coin):
    def mode(self, logits: Tensor) -> Tensor:
        return (logits > 0).float()


def test_a_distribution_of_the_users() -> None:
    made = storchc.load(text=USERS)
    assert float(made(coin=CoinWithMode())(given=MODE).cost) == pytest.approx(0.4)
    with pytest.raises(ValueError, match=r"`z` has no most .* `coin` has no function `mode"):
        made(coin=Coin())(given=MODE)


def test_a_transformed_value_knows_its_source() -> None:
    """The tanh of 10 is 1 in single precision, whose source is infinite."""
    law = "TransformedDistribution(Normal(25 * w, 1), [TanhTransform()])"
    text = ONE.format(law=law, method="Reparameterization()") + "cost d = log_prob(q, z)\n"
    text = text.replace(f"sample z ~ {law}", f"compute q = {law}\nsample z ~ q")
    estimate: Any = storchc.load(text=text)()(given=MODE)
    assert float(estimate.costs["d"]) == pytest.approx(-0.919 + 20 - 2 * math.log(2), abs=1e-3)


def test_a_relaxed_method_takes_the_hard_value() -> None:
    law = "OneHotCategorical(logits=w * tensor([1.0, 3.0, 2.0]))"
    for method in ("GumbelSoftmax()", "GumbelSoftmax(straight_through=true)", "GumbelRao()"):
        model: Any = storchc.load(text=ONE.format(law=law, method=method))()
        assert model(given=MODE).samples["z"].tolist() == [[0.0, 1.0, 0.0]]


NONE = [
    *("Uniform(0, 1)", "Beta(1, 2 + 0 * w)", "Gamma(1, exp(w))", "Gamma(0.5, exp(w))"),
    *("Dirichlet(exp(w) * tensor([1.0, 0.5]))", "Weibull(exp(w), 1)", "LKJCholesky(3, exp(w))"),
    "MixtureSameFamily(Categorical(logits=w * ones([2])), Normal(zeros([2]), 1))",
    "GeneralizedPareto(0, 1, -2)",
]


@pytest.mark.parametrize("law", NONE)
def test_without_one_the_sample_is_named(law: str) -> None:
    made = storchc.load(text=ONE.format(law=law, method="ScoreFunction()"), methods={})
    with pytest.raises(ValueError, match="`z` has no most probable value"):
        made()(given=MODE)


SOME = """story Some
plate data
input x[data]
param w = 0.5
sample z ~ Bernoulli(logits=w * x) with {z}
sample y ~ Normal(z + w, 1) with Reparameterization(n=2)
cost c = (y - z) ** 2
"""


def test_modes_of_some_samples_are_as_if_they_were_given() -> None:
    model: Any = storchc.load(text=SOME.format(z="ScoreFunction(n=5)"))()
    torch.manual_seed(1)
    found = model(X, given={"z": MODE})
    torch.manual_seed(1)
    same = model(X, given={"z": (X >= 0).float()[None]})
    assert torch.equal(found.cost, same.cost) and torch.equal(found.samples["y"], same.samples["y"])
    with pytest.raises(RuntimeError, match="made with `MODE`"):
        found.backward()
    y = torch.full((1, 1, 3), 0.3)
    assert model(X, given={"z": MODE, "y": y}).cost == ((0.3 - (X >= 0).float()) ** 2).mean()


def test_an_enumerated_sample_takes_its_mode_with_all_others() -> None:
    model: Any = storchc.load(text=SOME.format(z="Expect()"))()
    with pytest.raises(ValueError, match="all outcomes of `z` are enumerated"):
        model(X, given={"z": MODE})
    model(X, given=MODE)


def test_what_methods_know_stays_as_it_is() -> None:
    text = SOME.format(z="ScoreFunction(n=2, baseline=moving_average)")
    text = text.replace("Reparameterization(n=2)", "LAX(c_phi=critic)").replace(
        "param w", "module critic: [] -> []\nparam w"
    )
    critic = StandIn(storchc.analyze(text=text).callees["critic"])
    model: Any = storchc.load(text=text)(critic=critic)
    model.train()
    model(X).backward()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    for given in (MODE, {"z": MODE}):
        model(X, given=given, keep_param_grads=True)
    after = model.state_dict()
    assert all(torch.equal(v, after[k]) for k, v in before.items())
    assert model.training and all(m.training for m in model.methods.values())
    assert isinstance(model.methods["z"], Method)


def test_it_is_a_word_with_a_name() -> None:
    assert repr(MODE) == "MODE"
    model: Any = storchc.load(text=SOME.format(z="Expect()"))()
    with pytest.raises(TypeError, match="expected a tensor"):
        model(X, given={"z": "MODE"})
    with pytest.raises(KeyError, match="no sample"):
        model(X, given={"q": MODE})
