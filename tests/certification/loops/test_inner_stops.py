"""Loops inside of one that stops: what an element holds of them, certified exactly."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import nn

import storchc
from tests.certification.chains.sums import certify_sums
from tests.certification.harness import case, certify, derivatives, fails
from tests.certification.loops.test_loops import METHODS, story
from tests.certification.loops.test_stopping import prove

ENDS = {"to its end": "", "stops": "        stop when z == 0 and k > 0\n"}
INNER = """
for t in range({outer}) from g = u, h = 0.3:
    for s in range({inner}) from k = g * {x}:
        sample z ~ Bernoulli(logits=k + 0.2 * t) with {method}
        compute k = k * w + z + 1
        cost c = k * (1 + t) + 0.5
        compute v = z * k + s
        report k
        report seen = v + z
{ends}    compute g = w * k + sum(sequence(z) + sequence(v) * w) + sum(sequence(c)) ** 2 * 0.1
    compute h = h + g * w
    compute whole = sequence(v)
    cost o = h * k * u + 0.3
    stop when sum(sequence(z)) >= 1 {more}
cost d = g ** 2 + sum(sequence(whole)) * u + h
"""
ELEMENTS = {"x": [[0.7, -0.4], [-0.3, 1.1]]}


def inner(method: str, ends: str, *, steps: tuple[int, int] = (2, 2), data: str = "") -> str:
    """A story with an inner loop; with a data plate its elements stop by themselves."""
    declarations = f"plate data{data}\ninput x[data, 2]" if data else ""
    more, x = ("and x[t] > 0", "x[t]") if data else ("", "2")
    method = method.replace("+ h)", "+ k)")
    parts = {"outer": steps[0], "inner": steps[1], "more": more, "x": x}
    return story(INNER.format(method=method, ends=ENDS[ends], **parts), declarations)


@pytest.mark.filterwarnings("ignore::storchc.StoryWarning")
@pytest.mark.parametrize("ends", ENDS)
@pytest.mark.parametrize("method", METHODS)
def test_an_element_holds_all_that_an_inner_loop_defines(method: str, ends: str) -> None:
    steps = (2, 1) if method == "others" else (2, 2)
    prove(case(inner(METHODS[method], ends, steps=steps)))


@pytest.mark.parametrize("ends", ENDS)
@pytest.mark.parametrize("steps", [(1, 1), (1, 2), (2, 1), (3, 1)])
def test_loops_of_a_single_step(steps: tuple[int, int], ends: str) -> None:
    prove(case(inner(METHODS["moving"], ends, steps=steps)))


@pytest.mark.parametrize("ends", ENDS)
@pytest.mark.parametrize("data", [" ", " sum"])
def test_elements_of_a_data_plate_stop_by_themselves(data: str, ends: str) -> None:
    prove(case(inner(METHODS["moving"], ends, data=data), ELEMENTS))


@pytest.mark.parametrize("ends", ENDS)
@pytest.mark.parametrize("data", [" ", " sum"])
def test_sequences_that_are_listed(data: str, ends: str) -> None:
    this = case(inner("Expect()", ends, data=data), ELEMENTS)
    certify_sums(this)


def test_a_carried_sample_and_what_an_inner_loop_starts_from() -> None:
    text = story(
        """
for t in range(2) from g = u, h = 0.2:
    for s in range(2) from k = log(3.3 + g), z = 0:
        sample z ~ Bernoulli(logits=k + z * u) with ScoreFunction(n=1, baseline=moving_average)
        compute k = k * w + z + 1
        observe c = z ~ Bernoulli(logits=k * u)
        report going = 1.0 if alive else 0.0
        stop when z == 1
    compute g = z * w - sum(sequence(alive))
    for r in range(2) from b = h:
        compute b = 0.5 * b + sum(sequence(k)) * g
        cost e = b * (1 + r)
    compute h = b
    cost f = h * z
    stop when z == 1
cost d = g ** 2 * h
"""
    )
    prove(case(text))


def test_three_loops_the_outermost_of_which_stops() -> None:
    text = story(
        """
for t in range(2) from g = u:
    for s in range(2) from h = g:
        for r in range(1) from k = h:
            sample z ~ Bernoulli(logits=k + 0.3 * t) with ScoreFunction(n=1)
            compute k = k * w + z
            cost c = k * (1 + s)
            report k
        compute h = k + sum(sequence(z))
        compute q = h * u
    compute g = h * w + sum(sequence(q))
    stop when g > 0.6
cost d = g ** 2
"""
    )
    prove(case(text))


def test_draws_of_a_plate_around_the_loops() -> None:
    text = story(
        """
sample a ~ Bernoulli(logits=w) with ScoreFunction(n=1, baseline=moving_average)
for t in range(2) from g = u + a:
    for s in range(2) from h = g:
        sample z ~ Bernoulli(logits=h) with ScoreFunction(baseline=moving_average) in a
        compute h = h * w + z
        cost c = h * z + a
    compute g = h * w + sum(sequence(z))
    stop when a == 1 or g > 1
cost d = g ** 2
"""
    )
    prove(case(text))


def test_several_results_of_a_call_are_held() -> None:
    class Cell(nn.Module):
        def forward(self, z: Any, h: Any, c: Any) -> tuple[Any, Any]:
            return (h + 0.5 * z, c * 0.5 + z + h)

    text = story(
        """
for t in range(2) from g = w:
    for s in range(2) from h = g, c = u, z = 0.0:
        compute h, c = cell(z, h, c)
        sample z ~ Bernoulli(logits=h + c) with ScoreFunction(n=1, baseline=moving_average)
    compute g = h * c + sum(sequence(c))
    stop when z == 1
cost d = g * w
""",
        "module cell: [], [], [] -> [], []",
    )
    prove(case(text, cell=Cell()))


# --- reparameterization -------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_draws_with_a_gradient_hold_too(dtype: torch.dtype) -> None:
    """Against the same loops by hand, for elements that stop by what is not drawn."""
    text = """story T
plate data sum
input x[data, 3]
param w = 0.4
for t in range(3) from g = w:
    for s in range(2) from k = g:
        sample z ~ Normal(k, exp(w)) with Reparameterization(n=1)
        compute k = k * w + z ** 2
        cost c = k * (1 + s)
        report k
    compute g = w * k + mean(sequence(z)) * x[t]
    cost o = g * z_last
    stop when x[t] > 0
cost d = g ** 2
""".replace(" * z_last", " * k")
    x = torch.tensor([[0.5, 1.0, 1.0], [-0.5, 0.3, 1.0], [-1.0, -2.0, -0.7]], dtype=dtype)
    model = storchc.load(text=text)().to(dtype)
    drawn = torch.randn(1, 3, 3, 2, dtype=dtype)
    estimate = model(x, given={"z": drawn})
    w = model.w.detach().clone().requires_grad_()  # 0.4 in single precision
    total = torch.zeros((), dtype=dtype)
    for row, steps in enumerate([1, 2, 3]):
        g = w
        for t in range(steps):
            k, seen = g, []
            for s in range(2):
                kept = drawn[0, row, t, s]
                eps = ((kept - k) / w.exp()).detach()
                z = k + w.exp() * eps
                k = k * w + z**2
                total = total + k * (1 + s)
                seen.append(z)
            g = w * k + sum(seen) / 2 * x[row, t]
            total = total + g * k
        total = total + g**2
    torch.testing.assert_close(estimate.loss, total)
    estimate.loss.backward()
    (expected,) = torch.autograd.grad(total, w)
    torch.testing.assert_close(model.w.grad, expected)
    reported = estimate.reports["k"]
    assert bool((reported[:, 0, 1:] == reported[:, 0, 0, 1][..., None, None]).all())


# --- values in and out ---------------------------------------------------------------------------


def test_what_an_element_holds_is_seen_in_samples_and_reports() -> None:
    text = inner("ScoreFunction(n=2)", "stops").replace("stop when sum", "stop when t == 0 or sum")
    estimate = case(text).model()()
    for values in (estimate.samples["z"], *estimate.reports.values()):
        last = values[..., :1, -1:]
        assert bool((values[..., 1:, :] == last).all())


def test_it_compiles_as_one_graph() -> None:
    this = case(inner("ScoreFunction(n=3, baseline=batch_average)", "stops", data=" "), ELEMENTS)
    model = this.model()
    given = {"z": torch.bernoulli(torch.full((3, 2, 2, 2), 0.4)).double()}
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    found = [m(**this.inputs, given=given) for m in (model, compiled)]
    leaves = dict(model.named_parameters())
    ours, theirs = (derivatives(estimate.loss, leaves) for estimate in found)
    for name in leaves:
        torch.testing.assert_close(ours[name], theirs[name])


# --- broken variants -----------------------------------------------------------------------------

STORY = inner("ScoreFunction(n=1, baseline=moving_average)", "stops")
BROKEN = {
    "an inner loop in which all are alive": ("alive_ = alive  #", "alive_ = alive | True  #"),
    "inner costs after the end": (
        "c = torch.where(alive_, k * (1 + t) + 0.5, 0.0)",
        "c = k * (1 + t) + 0.5",
    ),
    "inner draws after the end": ("z_draw = held(z_draw, alive_, z)", ""),
}


def altered(old: str, new: str) -> Any:
    """The module with a line of its source replaced."""
    source = storchc.compile(text=STORY)
    assert old in source, source
    module = ModuleType("altered_inner")
    vars(module)["__file__"] = "altered_inner.py"
    exec(source.replace(old, new), vars(module))
    sys.modules["altered_inner"] = module
    return module.T().double()


def test_the_right_one_passes() -> None:
    certify(case(STORY), model=altered("", ""), hessian=True)


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_one_fails(what: str) -> None:
    fails(lambda: certify(case(STORY), model=altered(*BROKEN[what]), hessian=True))
