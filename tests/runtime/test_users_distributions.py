"""What the constructor and the call say of distributions of the user's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import storchc

X = torch.tensor([[0.3, -0.8], [1.1, 0.4]])
STORY = """
story T
plate data
input x[data, 2]
distribution law {flags}: [2] -> [2]
sample z ~ law(x) with {method}
cost c = sum((z - x) ** 2)
"""


class Law:
    """A normal law with a scale of its own."""

    def __init__(self) -> None:
        self.scale = torch.ones(())

    def sample(self, mean: Tensor) -> Tensor:
        """``[N, 2]``."""
        return torch.normal(mean, 1.0)

    def log_prob(self, value: Tensor, mean: Tensor) -> Tensor:
        """``[N]``."""
        return -((value - mean) ** 2 / self.scale).sum(-1) / 2


def _model(law: Any, flags: str = "", method: str = "ScoreFunction(n=2)") -> Any:
    return storchc.load(text=STORY.format(flags=flags, method=method))(law=law)


@pytest.mark.parametrize(
    ("law", "flags", "words"),
    [
        (Law, "", "is the class `Law`: give an instance"),
        (nn.Linear(2, 2), "", "needs its `sample`, which a `Linear` has not"),
        (Law(), "reparameterized", "needs its `rsample`, which a `Law` has not"),
    ],
)
def test_the_constructor_says_what_a_distribution_lacks(law: Any, flags: str, words: str) -> None:
    method = "Reparameterization()" if flags else "ScoreFunction(n=2)"
    with pytest.raises(TypeError, match=words.replace("`", ".")):
        _model(law, flags, method)


def _returning(function: str, found: Any) -> Law:
    law = Law()
    setattr(law, function, lambda *arguments: found)
    return law


@pytest.mark.parametrize(
    ("function", "found", "words"),
    [
        ("sample", torch.zeros(4, 3), "`law.sample` returned shape [4, 3], expected [4, 2]"),
        ("sample", torch.zeros(4, 2).long(), "`law.sample` returned dtype torch.int64"),
        ("sample", None, "`law.sample` returned a `NoneType`, not a tensor"),
        ("log_prob", torch.zeros(4, 2), "`law.log_prob` returned shape [4, 2], expected [4]"),
    ],
)
def test_what_it_returns_is_checked(function: str, found: Any, words: str) -> None:
    with pytest.raises((ValueError, TypeError)) as caught:
        _model(_returning(function, found))(X).backward()
    assert words in str(caught.value) and "<text>:5" in str(caught.value)


def test_what_learns_must_be_a_module() -> None:
    law = Law()
    law.scale.requires_grad_()
    with pytest.raises(TypeError, match=r"nothing would train it"):
        _model(law)(X).backward()
    assert not _model(law, "frozen")(X).loss.requires_grad


def test_what_is_no_module_is_held_fixed_too() -> None:
    """Its own parameter gets no gradient; where its arguments get one it is refused."""
    story = """
story T
plate data
input x[data, 2]
param w[2] = 0.3
distribution law frozen: [2] -> [2]
sample z ~ Normal(w, 1) with ScoreFunction(n=2)
cost c = sum(z) * log_prob(law({}), z)
"""
    law = Law()
    law.scale.requires_grad_()
    storchc.load(text=story.format("x"))(law=law)(X).backward()
    assert law.scale.grad is None
    with pytest.raises(TypeError, match=r"would get the gradient that is meant for its"):
        storchc.load(text=story.format("x * w"))(law=law)(X)
    law.scale.requires_grad_(False)
    model = storchc.load(text=story.format("x * w"))(law=law)
    model(X).backward()
    assert model.w.grad is not None


def test_a_frozen_one_is_compiled_whole() -> None:
    class Learned(nn.Linear):
        sample = Law.sample

        def log_prob(self, value: Tensor, mean: Tensor) -> Tensor:
            """``[N]``."""
            return -((value - self(mean)) ** 2).sum(-1)

    story = STORY.format(flags="", method="ScoreFunction(n=2)") + "cost d = log_prob(ref(x), z)\n"
    text = story.replace("sample z", "distribution ref frozen: [2] -> [2]\nsample z")
    law = Learned(2, 2)
    model = storchc.load(text=text)(law=law, ref=law)
    z = model(X).samples["z"]
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    found, wanted = (
        torch.autograd.grad(called(X, given={"z": z}).loss, list(law.parameters()))
        for called in (compiled, model)
    )
    torch.testing.assert_close(found, wanted)


def test_a_module_is_trained_saved_and_moved() -> None:
    class Learned(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.ones(()))
            self.mean = nn.Linear(2, 2)

        sample = Law.sample
        log_prob = Law.log_prob

    model = _model(Learned())
    assert "law.scale" in model.state_dict()
    model(X).backward()
    assert model.law.scale.grad is not None
    held = _model(Learned(), "frozen")
    assert not held(X).loss.requires_grad
    assert not list(held.parameters())
    held.double()
    assert held.law.module.scale.dtype == torch.float64


def test_without_arguments_it_is_told_how_many_rows() -> None:
    class Noise:
        def sample(self, rows: int) -> Tensor:
            """``[N, 3]``."""
            return torch.arange(rows * 3.0).view(rows, 3)

        def log_prob(self, value: Tensor) -> Tensor:
            """``[N]``."""
            return -value.sum(-1)

    story = """
story T
plate data
input x[data, 3]
distribution noise: -> [3]
sample z ~ noise() with ScoreFunction(n=4)
cost c = sum(z * x) - log_prob(noise(), z)
"""
    estimate = storchc.load(text=story)(noise=Noise())(torch.ones(2, 3))
    assert estimate.samples["z"].shape == (4, 3)
    torch.testing.assert_close(estimate.log_probs["z"], -torch.arange(12.0).view(4, 3).sum(-1))


def test_free_dims_both_forms_and_values_drawn_elsewhere(tmp_path: Path) -> None:
    class Tokens:
        def sample(self, prompt: Tensor) -> Tensor:
            """As long as the prompt."""
            return torch.zeros_like(prompt)

        def log_prob(self, value: Tensor, prompt: Tensor) -> Tensor:
            """``[N]``."""
            return -(value + prompt).double().sum(-1)

    path = tmp_path / "tokens.yaml"
    path.write_text("""\
story: Tokens
dims: {P: }
plates: [prompts]
inputs: {prompt: "[prompts, P]: int"}
distributions: {policy: "discrete: [P]: int -> [P]: int"}
steps:
  - sample: {name: y, from: policy(prompt), with: {ScoreFunction: {n: 3}}}
  - cost: c = sum(y) * 1.0
""")
    model = storchc.load(path)(policy=Tokens())
    prompt = torch.tensor([[1, 2, 3], [4, 5, 6]])
    assert model(prompt).samples["y"].shape == (3, 2, 3)
    replayed = model(prompt, given={"y": torch.ones(5, 2, 3, dtype=torch.int32)})
    assert replayed.cost == 3 and replayed.log_probs["y"].shape == (5, 2)
    with pytest.raises(TypeError, match="integers"):
        model(prompt, given={"y": torch.ones(5, 2, 3)})


def test_gradients_of_its_arguments_are_kept_when_asked_for() -> None:
    story = STORY.replace("law(x)", "law(x * w)").replace(
        "distribution", "param w[2] = ones()\ndistribution"
    )
    model = storchc.load(text=story.format(flags="", method="ScoreFunction(n=2)"))(law=Law())
    estimate = model(X, keep_param_grads=True)
    estimate.backward()
    assert estimate.param_grads["z"]["0"].shape == (2, 2)
