"""What a monitor sees of a model while it trains, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import storchc
from storch_runtime import GradientStatistics, Monitor, StoryModule
from storch_runtime.monitor import _of_bias

STORY = """story Coins
dim D = 3
plate data
input x[data, D]
param w[D] = 0.3
param b = 0.1
sample z ~ Bernoulli(logits=w * x) with {method}
compute heads = sum(z)
cost paid = 2 + (heads - b) ** 2
"""
X = torch.tensor([[1.0, 2.0, -1.0], [0.5, 0.0, 1.0]])
Seen = list[Mapping[str, float]]


def coins(method: str) -> StoryModule:
    return storchc.load(text=STORY.format(method=method))()


def seen_of(model: StoryModule, passes: int = 1, **options: Any) -> Seen:
    """What a monitor reports of every pass."""
    seen: Seen = []
    with Monitor(model, 1, to=lambda _, figures: seen.append(figures), **options):
        for _ in range(passes):
            model(X)
    return seen


@pytest.mark.parametrize(
    "method",
    [
        "ScoreFunction(n=2, baseline=moving_average)",
        "GumbelSoftmax(annealing_rate=0.1)",
        "ScoreFunction(baseline=sum(x))",
        "REBAR()",
    ],
)
def test_a_model_learns_as_if_nobody_looked(method: str) -> None:
    def trained(every: int | None) -> Mapping[str, Tensor]:
        torch.manual_seed(0)
        model = coins(method)
        monitor = Monitor(model, every, to=lambda *_: None) if every else None
        optimiser = torch.optim.Adam(model.parameters(), lr=0.1)
        for _ in range(5):
            optimiser.zero_grad()
            model(X).backward()
            optimiser.step()
        assert monitor is None or monitor.passes == 5
        return model.state_dict()

    alone, watched = trained(None), trained(2)
    assert all(torch.equal(watched[name], value) for name, value in alone.items())


def test_the_variance_is_that_of_the_gradient() -> None:
    model = storchc.load(
        text="story Coin\nparam w = 0.0\nsample z ~ Bernoulli(logits=w) with ScoreFunction()\n"
        "cost paid = 4 * z"
    )()
    torch.manual_seed(0)
    seen: Seen = []
    Monitor(model, 1, to=lambda _, figures: seen.append(figures), repeats=400)
    model()
    (figures,) = seen  # the gradient is 4 z (z - 1/2): 2 or 0, with equal chances
    assert figures["gradient/norm"] == pytest.approx(1, abs=0.25)
    assert figures["gradient/variance"] == pytest.approx(1, abs=0.05)
    assert figures["gradient/variance/w"] == figures["gradient/variance"]


def test_bias_is_found_where_there_is_some() -> None:
    torch.manual_seed(0)
    exact = coins("Expect()")
    (relaxed,) = seen_of(coins("GumbelSoftmax()"), repeats=300, reference=exact)
    (scored,) = seen_of(coins("ScoreFunction(n=2)"), repeats=300, reference=exact)
    assert relaxed["bias/standard_errors"] > 10
    assert scored["bias/standard_errors"] < 5


def test_the_reference_takes_over_what_was_learned() -> None:
    model, exact = coins("Expect()"), coins("Expect()")
    model.load_state_dict({"w": torch.tensor([1.0, -2.0, 0.5]), "b": torch.tensor(3.0)})
    (figures,) = seen_of(model, repeats=2, reference=exact)
    assert figures["bias/norm"] < 1e-6
    assert "effective_sample_size/z" not in figures  # its weights are probabilities


def test_a_reference_of_another_story_is_refused() -> None:
    other = storchc.load(text="story A\nparam v = 0.0\ncost c = v")()
    with pytest.raises(ValueError, match="only one of the two has `b`, `v`, `w`"):
        Monitor(coins("Infer()"), to=lambda *_: None, reference=other)


def test_effective_sample_sizes_are_those_of_the_weights_of_the_pass() -> None:
    model = coins(
        "ScoreFunction() using ImportanceSampling(n=8, proposal=Bernoulli(logits=-w * x))"
    )
    with torch.no_grad():
        model.get_parameter("w").fill_(0.7)
    seen: Seen = []
    Monitor(model, 1, to=lambda _, figures: seen.append(figures))
    weights = model(X).weights["z"].detach()
    by_hand = (weights.sum(0) ** 2 / (weights**2).sum(0)).mean().item()
    assert seen[0]["effective_sample_size/z"] == pytest.approx(by_hand)
    assert 1 < by_hand < 8


def test_what_a_baseline_leaves_is_measured() -> None:
    torch.manual_seed(0)
    (none,) = seen_of(coins("ScoreFunction()"))
    (poor,) = seen_of(coins("ScoreFunction(baseline=100 + b)"), repeats=100)
    (good,) = seen_of(coins("ScoreFunction(n=20, baseline=batch_average, normalize=true)"))
    assert "baseline_error/z" not in none
    assert poor["baseline_left/z"] > 100
    assert poor["baseline_error/z"] == pytest.approx(95**2, rel=0.1)
    assert good["baseline_left/z"] < 0.5


def test_it_looks_no_oftener_than_asked_and_never_at_replays() -> None:
    model = coins("ScoreFunction()")
    seen: dict[int, Mapping[str, float]] = {}
    monitor = Monitor(model, every=3, to=seen.__setitem__)
    for _ in range(7):
        model(X)
        model.eval()(X)
        model.train()(X, given={"z": torch.ones(1, 2, 3)})
        with torch.no_grad():
            model(X)
    assert list(seen) == [3, 6]
    monitor.close()
    for _ in range(7):
        model(X)
    assert list(seen) == [3, 6]


def test_a_generator_of_the_users_draws_what_it_would_have_drawn() -> None:
    def draws(watched: bool) -> list[Tensor]:
        model, source = coins("ScoreFunction()"), torch.Generator().manual_seed(3)
        if watched:
            Monitor(model, 1, to=lambda *_: None)
        return [model(X, generator=source).samples["z"] for _ in range(3)]

    assert all(torch.equal(a, b) for a, b in zip(draws(True), draws(False), strict=True))


def test_a_compiled_model_is_looked_at_from_outside() -> None:
    compiled = torch.compile(coins("ScoreFunction(n=2)"), fullgraph=True, backend="eager")
    assert isinstance(compiled, nn.Module)
    seen: dict[int, Mapping[str, float]] = {}
    Monitor(compiled, every=2, to=seen.__setitem__)
    for _ in range(4):
        compiled(X).backward()
    assert list(seen) == [2, 4]


def test_figures_go_to_a_writer_as_tensorboard_has_them() -> None:
    written: list[tuple[str, int]] = []

    class Writer:
        def add_scalar(self, tag: str, scalar_value: float, global_step: int) -> None:
            assert isinstance(scalar_value, float)
            written.append((tag, global_step))

    model = coins("ScoreFunction()")
    Monitor(model, 1, to=Writer())
    model(X)
    groups = ("gradient/variance/w", "gradient/variance/b")
    names = ("cost", "gradient/norm", "gradient/variance", *groups)
    assert written == [(name, 1) for name in names]


def test_without_tensorboard_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "torch.utils.tensorboard", None)
    with pytest.raises(ImportError, match="install the package `tensorboard`, or give `to=`"):
        Monitor(coins("Infer()"))


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"every": 0}, ValueError, "every is 0"),
        ({"repeats": 1}, ValueError, "2 repeats or more"),
        ({"model": nn.Linear(1, 1)}, TypeError, "a compiled story, not at Linear"),
    ],
)
def test_what_makes_no_sense_is_refused(
    options: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        Monitor(**{"model": coins("Infer()"), "to": lambda *_: None, **options})


def test_both_sides_of_a_bias_have_errors() -> None:
    """Means of 4 estimates, of variance 4 and 5: together a standard error of 1.5."""
    found = [
        GradientStatistics(4, {"w": torch.tensor(mean)}, {"w": torch.tensor(variance)})
        for mean, variance in ((4.0, 4.0), (1.0, 5.0))
    ]
    figures = _of_bias(*found)
    assert figures["bias/norm"] == pytest.approx(3)
    assert figures["bias/standard_errors"] == pytest.approx(2)
