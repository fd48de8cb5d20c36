"""What holds of every method: it runs, stays finite, compiles whole, and can be kept and copied."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch

import storchc
from storchc.explain.cards import method_card
from tests.catalogue.methods.stories import At, every

EVERY = every()
IDS = [f"{at.name}-{at.family}" for at in EVERY]
X = [0.7, -1.2]


def inputs(dtype: torch.dtype) -> torch.Tensor:
    return torch.tensor(X, dtype=dtype)


@pytest.mark.parametrize("at", EVERY, ids=IDS)
def test_a_story_of_it_has_no_errors(at: At) -> None:
    assert [d for d in storchc.check(text=at.text) if d.severity == "error"] == []


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("at", EVERY, ids=IDS)
def test_steps_in_both_precisions(at: At, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    model = at.model().to(dtype)
    for _ in range(3):
        model.zero_grad()
        cost = model(inputs(dtype)).backward()
        assert cost.dtype == dtype and cost.isfinite()
        assert model.v.grad.dtype == dtype and model.v.grad.isfinite().all()


EXTREMES = [
    [1e4, -1e4],
    [-1e4, -1e4],
    [1e4, 1e4],
    [0.0, 1e4],
    [40.0, -40.0],
]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("at", EVERY, ids=IDS)
def test_extreme_logits_leave_everything_finite(at: At, dtype: torch.dtype) -> None:
    if at.family == "Normal":
        pytest.skip("its parameters are no logits")
    torch.manual_seed(0)
    model = at.model().to(dtype)
    for logits in EXTREMES:
        model.zero_grad()
        with torch.no_grad():
            model.v.copy_(torch.tensor(logits))
        for _ in range(3):
            estimate = model(inputs(dtype))
            estimate.backward()
            assert estimate.cost.isfinite()
            found = [p.grad for p in model.parameters() if p.grad is not None]
            assert all(bool(g.isfinite().all()) for g in found), logits


@pytest.mark.parametrize("at", EVERY, ids=IDS)
def test_probabilities_of_zero_and_one(at: At) -> None:
    if at.family == "Normal":
        pytest.skip("it has no probabilities")
    text = at.text.replace("param v[2]", "input p[2]\nparam v[2]")
    text = text.replace("compute q", "compute r = p + 0 * x\ncompute q")
    text = text.replace("logits=v * x", "probs=r")
    model = _model(at, text)
    model.validate = "never"  # the first call would refuse them below a score function
    torch.manual_seed(0)
    for probs in ([0.0, 1.0], [1.0, 0.0]):
        leaf = torch.tensor(probs, requires_grad=True)
        for _ in range(3):
            model.zero_grad()
            estimate = model(inputs(torch.float32), leaf)
            estimate.backward()
            assert estimate.cost.isfinite() and model.w.grad.isfinite().all()
            assert not leaf.grad.isnan().any()


def _model(at: At, text: str) -> Any:
    parts = dict(at.model().named_children())
    critic = {"critic": parts["critic"]} if "critic" in at.written else {}
    return storchc.load(text=text)(**critic)


@pytest.mark.parametrize("at", EVERY, ids=IDS)
def test_it_runs_where_no_gradient_is_wanted(at: At) -> None:
    model = at.model()
    with torch.no_grad():
        assert model(inputs(torch.float32)).cost.isfinite()
    model.eval()
    before = {n: b.clone() for n, b in model.named_buffers()}
    model(inputs(torch.float32)).backward()
    for name, buffer in model.named_buffers():
        assert torch.equal(buffer, before[name]), f"{name} changed in eval mode"


@pytest.mark.parametrize("at", EVERY, ids=IDS)
def test_it_can_be_kept_and_copied(at: At) -> None:
    model = at.model()
    model(inputs(torch.float32)).backward()
    twin, other = copy.deepcopy(model), at.model()
    other.load_state_dict(model.state_dict())
    for one in (twin, other):
        one.zero_grad()
        one(inputs(torch.float32)).backward()


@pytest.mark.parametrize("at", EVERY, ids=IDS)
def test_its_own_parameters_are_told_apart(at: At) -> None:
    model = at.model()
    own = {id(p) for p in model.method_parameters()}
    assert own.isdisjoint({id(p) for p in model.model_parameters()})
    estimate = model(inputs(torch.float32))
    if estimate.method_loss.requires_grad:
        estimate.method_loss.backward()
        touched = {id(p) for p in model.parameters() if p.grad is not None and p.grad.any()}
        assert touched <= own


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("at", EVERY, ids=IDS)
def test_it_compiles_whole_without_inner_gradients(at: At) -> None:
    if at.entry.looks == "gradients" or at.entry.learns:
        pytest.skip("it differentiates within forward")
    torch.compiler.reset()
    model = at.model()
    step = torch.compile(model, fullgraph=True, backend="eager")
    for _ in range(2):
        step(inputs(torch.float32)).backward()
    assert model.v.grad.isfinite().all()


@pytest.mark.parametrize("name", sorted({at.name for at in EVERY}))
def test_its_card_says_it_all(name: str) -> None:
    entry = next(at.entry for at in EVERY if at.name == name)
    card = method_card(entry)
    for part in ("gradient", "formula", "evaluations", "prefer it when", "reference"):
        assert f"\n  {part} " in card, part
    assert ("BIASED" in card) != entry.unbiased
