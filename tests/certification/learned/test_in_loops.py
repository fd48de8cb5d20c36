"""LAX and RELAX in loops, and critics that are told what is known before a draw."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import storchc
from storch_runtime.distributions import Bernoulli
from storch_runtime.methods import LAX, _relaxed
from storch_runtime.methods._critics import Variate
from storch_runtime.methods._inner import criticized, minus_baseline
from storch_runtime.told import Context
from tests.certification.harness import (
    Uncertified,
    case,
    certify_statistically,
    derivatives,
    fails,
)
from tests.certification.learned.toys import Critic, legendre
from tests.certification.outcomes import enumerate_estimates
from tests.exact.interpreter import interpret

STEPS = 3
NODES = 24
Chain = Callable[[Tensor, Tensor], tuple[Tensor, Tensor, int]]
"""Of bits ``[T]`` and the leaf: the log-probability, the cost, the steps that count."""


class Told(nn.Module):
    """A critic of several arguments, smooth in all of them."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.inner = Critic(features)

    def forward(self, *arguments: Tensor) -> Tensor:
        """``[N]``."""
        rows = [a.reshape(len(a), -1).to(torch.float64) for a in arguments]
        result: Tensor = self.inner(torch.cat(rows, 1))
        return result


# --- bits: every sequence, and the noise of the relaxation by quadrature -------------------------

FEEDBACK = """
story T
plate data
input u[data]
module critic: {signature} -> []
for t in range(3) from y = 0, h = 0.2:
    sample y ~ Bernoulli(logits=u + 0.5 * y + 0.7 * u * h) with {method}
    compute h = 0.6 * h + y * u
    cost c = (h - u) ** 2 * (1 + y)
cost d = h * u
"""
STOPPING = FEEDBACK.replace("cost d", "    stop when y > 0.5\ncost d")
CRITICS = [
    ("[]", "critic", 1),
    ("[], []", "critic(y, h)", 2),
    ("[], [], []: int, [2]", "critic(h, y, t, stack([u, h]))", 5),
]


def feedback(*, stops: bool) -> Chain:
    """The story by hand."""

    def chain(bits: Tensor, u: Tensor) -> tuple[Tensor, Tensor, int]:
        y, h = torch.zeros((), dtype=u.dtype), torch.tensor(0.2, dtype=u.dtype)
        log_prob, cost = u.new_zeros(()), u.new_zeros(())
        for step, bit in enumerate(bits):
            log_prob = log_prob + Bernoulli(logits=u + 0.5 * y + 0.7 * u * h).log_prob(bit)
            y, h = bit, 0.6 * h + bit * u
            cost = cost + (h - u) ** 2 * (1 + y)
            if stops and bit > 0.5:
                return log_prob, cost + h * u, step + 1
        return log_prob, cost + h * u, STEPS

    return chain


def exactly(
    text: str, features: int, patch: pytest.MonkeyPatch, chain: Chain, start: float = 0.4
) -> None:
    """The expected gradient over all sequences and noises is the story's, to 1e-9.

    The noise of a step enters by sums of functions of one noise each: one quadrature will do.
    """
    nodes, weights = legendre(NODES)
    bits = torch.tensor(list(product((0.0, 1.0), repeat=STEPS)), dtype=torch.float64)
    clocks = (-torch.log1p(-nodes)).repeat(len(bits))
    patch.setattr(_relaxed, "exponential", lambda like, shape: clocks.expand(shape))
    leaves = torch.full((len(clocks),), start, dtype=torch.float64, requires_grad=True)
    model = _model(text, features)
    model(leaves, given={"y": bits.repeat_interleave(NODES, 0)[None]}).loss.backward()
    assert leaves.grad is not None
    found = (leaves.grad * len(leaves)).reshape(len(bits), NODES) @ weights
    u = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    told_of = [chain(row, u) for row in bits]  # those that stop are listed once for each ending
    shares = [log_prob.exp() * 0.5 ** (STEPS - steps) for log_prob, _, steps in told_of]
    exact = torch.stack([p * cost for p, (_, cost, _) in zip(shares, told_of, strict=True)]).sum()
    (wanted,) = torch.autograd.grad(exact, u)
    got = (torch.stack(shares).detach() * found).sum()
    if abs(got - wanted) > 1e-9:
        raise Uncertified(f"gradient {got.item()}, exact {wanted.item()}")


def _model(text: str, features: int) -> Any:
    return storchc.load(text=text)(Told(features)).double()


@pytest.mark.parametrize(("signature", "critic", "features"), CRITICS)
@pytest.mark.parametrize("stops", [False, True], ids=["all steps", "stops"])
def test_relax_is_exact(
    signature: str, critic: str, features: int, stops: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (STOPPING if stops else FEEDBACK).format(
        signature=signature, method=f"RELAX(c_phi={critic})"
    )
    exactly(text, features, monkeypatch, feedback(stops=stops))


def test_relax_without_the_way_of_the_second_noise_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    text = FEEDBACK.format(signature="[], []", method="RELAX(c_phi=critic(y, h))")
    monkeypatch.setattr(_relaxed, "conditional_slope", lambda law, value, point: 1.0)
    assert fails(lambda: exactly(text, 2, monkeypatch, feedback(stops=False)))


# --- LAX: quadrature over all that is drawn ------------------------------------------------------

LOOP = """
story T
{plate}input u{sizes}
module critic: {signature} -> []
for t in range(2) from h = 0.3:
    sample z ~ Normal(u + 0.4 * u * h, 0.7) with {method}
    compute h = 0.5 * h * u + z
    cost c = (h - u) ** 2 * (1 + 0.5 * z)
"""
NESTED = """
story T
{plate}input u{sizes}
module critic: {signature} -> []
for t in range(2) from h = 0.3:
    for s in range(1) from g = h:
        sample z ~ Normal(u + 0.4 * u * g, 0.7) with {method}
        compute g = 0.5 * g * u + z
        cost c = (g - u) ** 2 * (1 + 0.5 * z)
    compute h = g
"""
LINE = """
story T
{plate}input u{sizes}
module critic: {signature} -> []
compute h = u ** 2
sample z ~ Normal(u + 0.4 * h, 0.7) with {method}
cost c = (z - u) ** 2 * (1 + 0.5 * z) * h
"""


def lax(text: str, critic: str, features: int, signature: str) -> None:
    """Certify LAX with this critic against the plain score function."""
    filled = {"plate": "", "sizes": "", "signature": signature}
    story = case(
        text.format(method=f"LAX(c_phi={critic})", **filled),
        {"u": 0.4},
        critic=Told(features),
    )
    found = enumerate_estimates(story.model(), story)
    plain = text.replace("module critic: {signature} -> []\n", "")
    exact = interpret(plain.format(method="ScoreFunction()", **filled), story.inputs, {}, {})
    wanted = derivatives(exact.value, story.inputs)["u"].detach()
    if float((found.gradient[0] - wanted).abs()) > 1e-9:
        raise Uncertified(f"gradient {found.gradient[0]}, exact {wanted}")


@pytest.mark.parametrize(
    ("text", "critic", "features", "signature"),
    [
        pytest.param(LOOP, "critic", 1, "[]", marks=pytest.mark.certify),
        pytest.param(LOOP, "critic(z, h)", 2, "[], []", marks=pytest.mark.certify),
        (NESTED, "critic(g, z)", 2, "[], []"),
        (LINE, "critic(z, h)", 2, "[], []"),
    ],
)
def test_lax_is_exact(text: str, critic: str, features: int, signature: str) -> None:
    lax(text, critic, features, signature)


def test_what_a_critic_is_told_is_detached(monkeypatch: pytest.MonkeyPatch) -> None:
    """Along what it is told its gradient would come back, and nothing takes that off."""

    def along_everything(self: LAX, draw: Any, downstream: Any) -> Variate:
        event = len(draw.distribution.event_shape)
        costs = criticized(downstream, draw.value, event)
        path = criticized(downstream, draw.distribution.replay(draw.value), event)
        return Variate(minus_baseline(draw, costs) + path - path.detach(), None)

    monkeypatch.setattr(LAX, "variate", along_everything)
    lax(LINE, "critic(z, h)", 2, "[], []")

    def attached(cls: type[Context], told: Any, plates: torch.Size, device: Any) -> Context:
        return Context(tuple(told), len(plates))

    monkeypatch.setattr(Context, "of", classmethod(attached))
    assert fails(lambda: lax(LINE, "critic(z, h)", 2, "[], []"))


# --- as if every step were written out -----------------------------------------------------------

UNROLLED = """
story T
plate data
input x[data]
param u = 0.4
module critic: [], [] -> []
{body}"""
METHODS = {
    "LAX": "Normal(u * h + x, 0.7)",
    "RELAX": "Bernoulli(logits=u * h + x)",
}


STEP = """\
sample {z} ~ {law} with {method}(c_phi=critic({z}, h{before})){plate}
compute h{after} = 0.6 * h{before} + {z} * u
cost c{after} = (h{after} - x) ** 2 * (1 + {z})
"""


def _step(method: str, **names: str) -> str:
    law = METHODS[method].replace("h", f"h{names['before']}")
    return STEP.format(law=law, method=method, **names)


def _body(method: str, loop: bool) -> str:
    if loop:
        step = _step(method, z="z", before="", after="", plate="").splitlines()
        return "for t in range(2) from h = 0.2:\n    " + "\n    ".join(step) + "\n"
    first = _step(method, z="z", before="0", after="1", plate="")
    second = _step(method, z="y", before="1", after="2", plate=" in z")
    return f"compute h0 = 0.2 + 0 * x\n{first}{second}"


@pytest.mark.parametrize("method", METHODS)
def test_a_loop_is_its_steps(method: str) -> None:
    """The same gradients, and the critic learns the same: the squares are summed over steps."""
    x = torch.tensor([0.7, -1.2, 0.3], dtype=torch.float64)
    found = []
    for loop in (True, False):
        text = UNROLLED.format(body=_body(method, loop))
        model = _model(text, 2)
        torch.manual_seed(3)
        estimate = model(x)
        estimate.method_loss.backward(retain_graph=True)
        estimate.loss.backward()
        critic = torch.cat([p.grad.flatten() for p in model.critic.parameters()])
        assert bool((critic != 0).any())
        found.append((estimate.loss.detach(), model.u.grad, critic))
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other)


def test_what_has_stopped_trains_nobody() -> None:
    """One that stops after its first step is as one that has one step only."""
    text = UNROLLED.format(body=_body("RELAX", loop=True))
    x = torch.tensor([0.7, -1.2, 0.3], dtype=torch.float64)
    found = []
    for ending in ("    stop when h > -100\n", "    stop when t >= 0 and h > -100\n"):
        model = _model(text.replace("range(2)", "range(3)") + ending, 2)
        torch.manual_seed(3)
        model(x).method_loss.backward()
        found.append(torch.cat([p.grad.flatten() for p in model.critic.parameters()]))
    model = _model(text.replace("range(2)", "range(1)"), 2)
    torch.manual_seed(3)
    model(x).method_loss.backward()
    one = torch.cat([p.grad.flatten() for p in model.critic.parameters()])
    for several in found:
        torch.testing.assert_close(several, one)


# --- classes, by draws ---------------------------------------------------------------------------

CLASSES = """
story T
plate data
input u[data]
module critic: [3], [2] -> []
for t in range(2) from h = 0.3:
    sample z ~ {family}(logits=tensor([0.5, -0.3, 0.1]) * u * (1 + h)) with {method}
    compute h = 0.5 * h + {value} * u
    cost c = (h - u) ** 2 * (1 + h)
"""


@pytest.mark.certify
@pytest.mark.parametrize(
    ("family", "value"),
    [("OneHotCategorical", "sum(z * tensor([0.2, 1.1, -0.7]))"), ("Categorical", "(z - 0.7)")],
)
def test_classes_by_a_million_draws(family: str, value: str) -> None:
    text = CLASSES.format(
        family=family, value=value, method="RELAX(c_phi=critic(z, stack([h, u])))"
    )
    plain = text.replace("module critic: [3], [2] -> []\n", "").replace(
        "RELAX(c_phi=critic(z, stack([h, u])))", "ScoreFunction()"
    )
    leaf = torch.tensor([0.4], dtype=torch.float64, requires_grad=True)
    wanted = derivatives(interpret(plain, {"u": leaf}, {}, {}).value, {"u": leaf})["u"]
    torch.manual_seed(0)
    certify_statistically(
        _model(text, 5).eval(), {"u": torch.tensor(0.4)}, {"u": wanted[0].detach()}
    )


# --- where the draws are chosen anew -------------------------------------------------------------

ANEW = """
story T
plate data
input u[data]
{critic}sample a ~ Bernoulli(logits=u * tensor([1, 2])) with {sets}
compute h = a[0] - 0.3 * a[1] + u
sample y ~ Normal(h * u, 1) with {method} in a
sample b ~ Bernoulli(logits=u + a[1]) with {more} in a
cost c = (y - b * u) ** 2 + a[1] * y
"""


@pytest.mark.certify
def test_what_a_critic_is_told_follows_sequences_that_are_chosen_anew() -> None:
    text = ANEW.format(
        critic="module critic: [], [] -> []\n",
        sets="UnorderedSetEstimator(k=2)",
        method="LAX(c_phi=critic(y, h))",
        more="UnorderedSetEstimator()",
    )
    plain = dict.fromkeys(("sets", "method", "more"), "ScoreFunction()")
    leaf = torch.tensor([0.4], dtype=torch.float64, requires_grad=True)
    exact = interpret(ANEW.format(critic="", **plain), {"u": leaf}, {}, {}).value
    wanted = derivatives(exact, {"u": leaf})["u"][0].detach()
    torch.manual_seed(0)
    certify_statistically(_model(text, 2).eval(), {"u": torch.tensor(0.4)}, {"u": wanted})


COMPOSED = """
story T
plate data
input u[data]
{critic}compute h = u * 0.5
sample z ~ {law} with {method}
cost c = (z - u) ** 2 * (1 + h * z)
"""
SQUASHED = "TransformedDistribution(Normal(u + h, 0.7), [TanhTransform(), AffineTransform(u, 2)])"
MIXED = "MixtureSameFamily(Categorical(logits=tensor([0.3, 0.1])), Normal(stack([u, -u]), 0.7))"


@pytest.mark.parametrize("law", [SQUASHED, MIXED], ids=["transformed", "mixture"])
def test_lax_takes_what_is_made_of_other_distributions(law: str) -> None:
    """Within 5 standard errors of the pathwise gradient, with which it has nothing in common."""
    count = 200_000
    critic = "module critic: [], [] -> []\n"
    found = []
    for method, head in (("LAX(c_phi=critic(z, h))", critic), ("Reparameterization()", "")):
        text = COMPOSED.format(critic=head, law=law, method=method)
        model = _model(text, 2) if head else storchc.load(text=text)().double()
        torch.manual_seed(1)
        u = torch.full((count,), 0.4, dtype=torch.float64, requires_grad=True)
        estimate = model(u)
        if head:
            estimate.method_loss.backward(retain_graph=True)
            assert u.grad is None
        estimate.loss.backward()
        assert u.grad is not None
        found.append(u.grad * count)
    error = sum(g.var() / count for g in found).sqrt()
    assert abs(found[0].mean() - found[1].mean()) < 5 * error
    assert error < abs(found[1].mean()) / 20


def test_steps_that_choose_anew_have_no_critic() -> None:
    text = """
story T
param w = 0.4
module critic: [] -> []
for t in range(2) from h = 0:
    sample a ~ Bernoulli(logits=w + h) with UnorderedSetEstimator(k=2)
    sample y ~ Normal(a * w, 1) with LAX(c_phi=critic) in a
    compute h = a + y
cost c = h
"""
    assert {found.code for found in storchc.check(text=text)} == {"S190"}


# --- other ways to say it ------------------------------------------------------------------------

AS_DATA = """
story: T
plates: [data]
inputs: {u: "[data]"}
modules: {critic: "[], [] -> []"}
steps:
  - for: t in range(3) from y = 0, h = 0.2
    do:
      - sample:
          name: y
          from: Bernoulli(logits=u + 0.5 * y + 0.7 * u * h)
          with: {RELAX: {c_phi: "critic(y, h)"}}
      - compute: h = 0.6 * h + y * u
      - cost: c = (h - u) ** 2 * (1 + y)
  - cost: d = h * u
"""


def test_the_same_in_yaml_and_from_outside(tmp_path: Path) -> None:
    by_hand = FEEDBACK.format(signature="[], []", method="RELAX(c_phi=critic(y, h))")
    plain = FEEDBACK.format(signature="[], []", method="ScoreFunction()")
    outside = {"y": "RELAX(c_phi=critic(y, h))"}
    file = tmp_path / "story.yaml"
    file.write_text(AS_DATA.lstrip(), encoding="utf-8")
    models = (
        storchc.load(text=by_hand),
        storchc.load(file),
        storchc.load(text=plain, methods=outside),
    )
    found = []
    for made in models:
        torch.manual_seed(0)
        model = made(Told(2)).double()
        u = torch.tensor([0.4, -0.3], dtype=torch.float64, requires_grad=True)
        model(u).loss.backward()
        found.append(u.grad)
    for other in found[1:]:
        torch.testing.assert_close(other, found[0])
