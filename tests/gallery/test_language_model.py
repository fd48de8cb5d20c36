"""The tuned language model: its gradients beside the losses that people write, and its learning."""

from __future__ import annotations

from copy import deepcopy
from importlib.util import find_spec
from math import isfinite
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor

import storchc
from tests.gallery.conftest import Script

pytest.importorskip("transformers", reason="needs the package transformers")
pytestmark = pytest.mark.filterwarnings("ignore")  # of that package's


@pytest.fixture
def tuning(script: Script) -> ModuleType:
    return script("language_model/train")


def _taught(tuning: ModuleType, steps: int = 0) -> Any:
    torch.manual_seed(0)
    taught = tuning.Writer(tuning.new_model())
    tuning.teach(taught, steps)
    return taught


def _gradients(loss: Tensor, policy: Any) -> list[Tensor]:
    return list(torch.autograd.grad(loss, list(policy.parameters())))


@pytest.mark.parametrize("name", ["RLOO", "GRPO"])
def test_the_gradient_is_that_of_the_loss_as_published(tuning: ModuleType, name: str) -> None:
    taught = _taught(tuning)
    model = tuning.tuned(tuning.METHODS[name], taught).double()
    prompt = tuning.prompts()
    written = model(prompt, 0.1).samples["written"]  # [n, prompts, T]
    estimate = model(prompt, 0.1, given={"written": written})

    each = prompt.expand(4, *prompt.shape).flatten(0, 1)
    policy = deepcopy(model.policy)
    log_prob = policy.log_prob(written.flatten(0, 1), each)
    other = taught.log_prob(written.flatten(0, 1), each).detach()
    divergence = 0.1 * (log_prob - other)
    paid = (divergence.detach() - tuning.reward(each, written.flatten(0, 1))).view(4, -1)
    left = paid - (paid.sum(0) - paid) / 3
    if name == "GRPO":
        left = left / (left.std(0) + 1e-4)
    loss = (left.flatten() * log_prob + divergence).mean()
    found, wanted = _gradients(estimate.loss, model.policy), _gradients(loss, policy)
    torch.testing.assert_close(
        found, wanted, rtol=0, atol=1e-8
    )  # 0.1 is a number of single precision


def test_clipped_steps_are_those_of_ppo(tuning: ModuleType) -> None:
    taught = _taught(tuning)
    policy = deepcopy(taught)
    prompt, written, before, advantage = tuning.Rollouts(taught, taught).fresh()
    before = before + 0.5 * torch.randn_like(before)  # as if steps had been taken since
    model = storchc.load(tuning.HERE / "clipped.story")(policy=policy)
    estimate = model(prompt, written, before, advantage)
    each = prompt.repeat_interleave(written.shape[1], 0)
    ratio = (policy.log_prob(written.flatten(0, 1), each) - before.flatten()).exp()
    weighed = ratio * advantage.flatten(), ratio.clamp(0.8, 1.2) * advantage.flatten()
    loss = -torch.minimum(*weighed).mean()
    found, wanted = _gradients(estimate.loss, policy), _gradients(loss, policy)
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-6)


def test_a_step_draws_once_and_asks_each_model_once(tuning: ModuleType) -> None:
    taught = _taught(tuning)
    model = tuning.tuned(tuning.METHODS["RLOO"], taught)
    whole: list[str] = []  # the passes over all that was written
    parts: list[int] = []  # letters in each of the others, by `generate`, which keeps its cache
    for name, writer in (("policy", model.policy), ("reference", taught)):
        forward = writer.model.forward

        def seen(*given: Any, name: str = name, forward: Any = forward, **more: Any) -> Any:
            text = given[0] if given else more["input_ids"]
            if text.shape[1] == tuning.LENGTH:
                whole.append(name)
            else:
                parts.append(text.shape[1])
            return forward(*given, **more)

        writer.model.forward = seen
    model(tuning.prompts(), 0.1).backward()
    assert whole == ["policy", "reference"]
    assert parts == [1] * tuning.LENGTH


@pytest.mark.certify_all  # half a minute
def test_tuning_finds_the_words_that_are_rewarded(tuning: ModuleType, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="needs the package matplotlib")
    picture = tmp_path / "curves.png"
    arguments = ["--taught", "60", "--steps", "24", "--repeats", "3", "--picture", str(picture)]
    rows = tuning.main(arguments)
    assert set(rows) == {"RLOO", "GRPO", "REINFORCE", "PPO"}
    for row in rows.values():
        assert row.shares[24] > row.shares[0]
        assert isfinite(row.start.variance) and isfinite(row.end.variance)
    assert picture.stat().st_size > 10_000


@pytest.mark.skipif(find_spec("trl") is None, reason="needs the package trl")
def test_the_gradient_is_that_of_trl(script: Script) -> None:
    beside = script("language_model/beside_trl")
    figures = beside.main(["--taught", "20", "--steps", "4", "--repeats", "3"])
    assert figures.distance < 1e-5 < 1e-2 < figures.largest
    assert figures.path > 0.01  # the divergence as a cost: not what TRL differentiates
