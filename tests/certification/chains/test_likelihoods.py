"""``logmeanexp(s, over=z)`` by the forward algorithm: exact against every sequence, listed."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor

import storchc
from storch_runtime.mode import MODE
from tests.certification.chains.test_broken import altered
from tests.certification.harness import (
    Case,
    Model,
    Uncertified,
    case,
    derivatives,
    differentiable,
    fails,
    hessian_rows,
)

X = [[0.7, -0.4, 0.1], [0.3, 1.1, 0.2]]
DATA = "plate data\ninput x[data, 3]"


def story(steps: str, declarations: str = "") -> str:
    return f"story T\n{declarations}\nparam w = 0.4\nparam u = -0.3\n{steps}\n"


def listed(text: str) -> str:
    """The same story in a form of which every sequence is listed."""
    apart = text.replace("logmeanexp(", "log_of(")
    while (start := apart.find("log_of(")) >= 0:
        end = apart.index(", over=z)", start)
        inner = apart[start + len("log_of(") : end]
        apart = f"{apart[:start]}log(mean(exp({inner}), over=z)){apart[end + len(', over=z)') :]}"
    return apart


def certify(
    of: Case, model: Model | None = None, *, beside: bool = False, once: bool = False
) -> None:
    """Prove the value, the gradient and the Hessian, or raise ``Uncertified``.

    ``beside``: sequences of another sample are listed. ``once``: a method has no Hessian.
    """
    tolerance = 1e-9
    source, every = storchc.compile(text=of.text), storchc.compile(text=listed(of.text))
    assert "log_evidence(" in source
    assert ("EverySequence(" in source) is beside
    assert "EverySequence(" in every
    model = of.model() if model is None else model
    whole = replace(of, text=listed(of.text)).model()
    whole.load_state_dict(model.state_dict())
    found: list[tuple[Tensor, Any, Any]] = []
    for each in (model, whole):
        torch.manual_seed(3)
        loss = each(**of.inputs).loss
        leaves = differentiable(each, of)
        gradient = derivatives(loss, leaves)
        second = torch.zeros(()) if once else hessian_rows(gradient, leaves)
        found.append((loss, gradient, second))
    (loss, gradient, hessian), (true_loss, true_gradient, true_hessian) = found
    _agree("value", loss, true_loss, tolerance)
    for name in gradient:
        _agree(f"gradient of {name}", gradient[name], true_gradient[name], tolerance)
    _agree("Hessian", hessian, true_hessian, tolerance)


def _agree(what: str, got: Tensor, expected: Tensor, tolerance: float) -> None:
    bound = tolerance * (1 + expected.detach().abs())
    if got.shape != expected.shape or not bool(((got - expected).detach().abs() <= bound).all()):
        raise Uncertified(f"{what}: got {got.detach()}, expected {expected.detach()}")


HIDDEN = f"""
story T
{DATA}
param start[3] = normal(0, 1)
param move[3, 3] = normal(0, 1)
param mu[3] = normal(0, 1)
param width = 0.2
for t in range(3) from z = 0:
    sample z ~ Categorical(logits=start if t == 0 else move[z]) with Expect()
    compute ll = log_prob(Normal(mu[z], exp(width)), x[t])
cost nll = -logmeanexp(sum(sequence(ll)), over=z)
"""
SUMS = {
    "sequence": "compute ll = log_prob(Normal(w * z, 1), x[t])\n|sum(sequence(ll))",
    "mean": "compute ll = -(x[t] - z * u) ** 2\n|2 * mean(sequence(ll)) - w",
    "carried": "compute ll = z * w * x[t]\n    compute total = total + ll|total * w + u",
    "carried, with a start": "compute total = total - z * x[t] + w * t|total / 2 - total2 * w",
    "pairs": "compute ll = (z - last) ** 2 * w + z * x[t]|sum(sequence(ll))",
    "masked": "compute ll = -(z - x[t]) ** 2\n|sum(sequence(ll) * x) - sum(x)",
    "a choice": "compute ll = -(z - x[t]) ** 2 if t == 0 else (z - last) * u\n|sum(sequence(ll))",
    "counter": "compute ll = -(z - x[t]) ** 2 / (1 + t) * u * t\n|sum(sequence(ll))",
    "state": "compute h = h * w + x[t]\n    compute ll = (z - h) ** 2 * u\n|sum(sequence(ll))",
    "before": "compute ll = (z - h) ** 2 * u\n    compute h = h * w + x[t]\n|sum(sequence(ll)) + h",
    "index": "compute ll = z * x[2 - t] * x[0]\n|sum(sequence(ll))",
    "two": "compute a = z * x[t]\n    compute b = z * w\n|sum(sequence(a)) - sum(sequence(b)) * u",
    "steady": "compute ll = -(z - w) ** 2\n|sum(sequence(ll)) * sum(x)",
}


@pytest.mark.parametrize("reduction", ["", " sum"])
def test_a_hidden_markov_model(reduction: str) -> None:
    certify(case(HIDDEN.replace("plate data", f"plate data{reduction}"), {"x": X}))


@pytest.mark.certify
@pytest.mark.parametrize("what", SUMS)
def test_what_steps_add_up_to(what: str) -> None:
    body, total = SUMS[what].split("|")
    if "total2" in total:
        body += "\n    compute total2 = z * u + total2"
    text = story(
        f"""
for t in range(3) from z = 0{", total = u" if "total " in total else ""}\
{", total2 = x[0]" if "total2" in total else ""}{", h = w" if "h = " in body else ""}:
    compute last = z
    sample z ~ Bernoulli(logits=w * z + u * t) with Expect()
    {body}
cost c = -logmeanexp({total}, over=z)
""",
        DATA,
    )
    certify(case(text, {"x": X}))


LAWS = {
    "nothing before": "Bernoulli(logits=w)",
    "data": "Categorical(logits=stack([w * z, u, x[t]]))",
    "data and a choice": "Bernoulli(logits=x[t] if t > 0 else w)",
    "a state": "Bernoulli(logits=w * z + h)",
}


@pytest.mark.certify
@pytest.mark.parametrize("law", LAWS)
def test_how_outcomes_are_drawn(law: str) -> None:
    text = story(
        f"""
for t in range(3) from z = 0, h = u:
    compute h = h * w + x[t]
    sample z ~ {LAWS[law]} with Expect()
    compute ll = -(z - x[t]) ** 2
cost c = -logmeanexp(sum(sequence(ll)), over=z)
""",
        DATA,
    )
    certify(case(text, {"x": X}))


def test_outcomes_that_are_vectors() -> None:
    text = story(
        """
for t in range(3) from z = zeros([2]):
    sample z ~ Bernoulli(logits=w * z + u * t) with Expect()
    compute ll = -(sum(z * w) - x[t]) ** 2
cost c = -logmeanexp(sum(sequence(ll)), over=z)
""",
        DATA,
    )
    certify(case(text, {"x": X}))


def test_a_chain_for_all_data() -> None:
    """What is reduced inside belongs to one chain, what is reduced outside to one of each."""
    text = story(
        """
for t in range(3) from z = 0:
    sample z ~ Bernoulli(logits=w * z + u) with Expect()
    compute ll = -(z * w - x[t]) ** 2
    compute of_all = sum(ll, over=data)
cost c = -logmeanexp(sum(sum(sequence(ll)), over=data), over=z)
cost d = -logmeanexp(mean(sum(sequence(ll)), over=data) + sum(sequence(of_all)), over=z) * u
cost e = logmeanexp(sum(sequence(ll)), over=z) ** 2
""",
        DATA,
    )
    certify(case(text, {"x": X}))


def test_beside_costs_under_the_prior() -> None:
    text = story(
        """
for t in range(3) from z = 0:
    compute q = Bernoulli(logits=w * z + u)
    sample z ~ q with Expect()
    compute ll = -(z * w - x[t]) ** 2
    cost g = (z - u) ** 2 * w
    cost kl = kl_divergence(q, Bernoulli(logits=0.2))
cost c = -logmeanexp(sum(sequence(ll)), over=z)
cost d = z * w + sum(sequence(ll))
""",
        DATA,
    )
    certify(case(text, {"x": X}))


def test_below_samples_and_above_others() -> None:
    text = story(
        """
sample a ~ Bernoulli(logits=w) with ScoreFunction(n=2, baseline=batch_average)
for t in range(3) from z = 0:
    sample s ~ Bernoulli(logits=u) with ScoreFunction(n=2, baseline=batch_average)
    sample z ~ Bernoulli(logits=w * z + u * s) with Expect()
    compute ll = -(z * w - x[t] * a) ** 2
compute evidence = logmeanexp(sum(sequence(ll)), over=z)
sample y ~ Normal(evidence, 1) with Reparameterization()
cost c = -evidence
cost d = (y - u) ** 2
""",
        DATA,
    )
    certify(case(text, {"x": X}))


def test_beside_whole_sequences_that_are_listed() -> None:
    text = story(
        """
for t in range(3) from z = 0, b = 0:
    sample b ~ Bernoulli(logits=u * b + x[t]) with Expect()
    sample z ~ Bernoulli(logits=w * z + u * b) with Expect()
    compute ll = -(z * w - b * x[t]) ** 2
cost c = -logmeanexp(sum(sequence(ll)), over=z)
""",
        DATA,
    )
    certify(case(text, {"x": X}), beside=True)


def test_below_a_method_that_looks_elsewhere() -> None:
    text = story(
        """
sample a ~ Bernoulli(logits=w) with LocalExpectation()
compute h = a * w
for t in range(3) from z = 0:
    sample z ~ Bernoulli(logits=w * z + h) with Expect()
    compute ll = -(z * w - x[t] * a) ** 2
report shown = logmeanexp(sum(sequence(ll)), over=z)
compute q = Normal(logmeanexp(sum(sequence(ll)), over=z), 1)
cost c = -logmeanexp(sum(sequence(ll)), over=z)
cost d = entropy(q) - log_prob(q, u)
""",
        DATA,
    )
    certify(case(text, {"x": X}), once=True)


def test_what_is_cut_off_and_called() -> None:
    text = story(
        """
for t in range(3) from z = zeros([2]):
    sample z ~ OneHotCategorical(logits=stack([w, u]) + z * u) with Expect()
    compute ll = sum(net(z)) * x[t] + z[0] * w * stop_gradient(u)
cost c = -logmeanexp(sum(sequence(ll)), over=z)
""",
        DATA + "\nmodule net: [2] -> [3] = nn.Linear(2, 3)",
    )
    certify(case(text, {"x": X}))


def test_two_chains() -> None:
    text = story(
        """
for t in range(3) from z = 0, b = 0:
    sample z ~ Bernoulli(logits=w * z + u) with Expect()
    sample b ~ Bernoulli(logits=u * b + x[t]) with Expect()
    compute ll = -(z * w - x[t]) ** 2
    cost g = b * w
cost c = -logmeanexp(sum(sequence(ll)), over=z)
""",
        DATA,
    )
    certify(case(text, {"x": X}))


def by_hand(model: Any, x: Tensor) -> Tensor:
    """The forward algorithm as textbooks have it: probabilities, each step scaled to sum to 1."""
    move, start = model.move.softmax(-1), model.start.softmax(-1)
    emitted = torch.distributions.Normal(model.mu, model.width.exp()).log_prob(x[..., None])
    total = x.new_zeros(len(x))
    mass = start.expand(len(x), -1)
    for t in range(x.shape[1]):
        if t:
            mass = mass @ move
        mass = mass * emitted[:, t].exp()
        total = total + mass.sum(-1).log()
        mass = mass / mass.sum(-1, keepdim=True)
    return -total.mean()


LONG = HIDDEN.replace("story T", "story T\ndim L").replace("[data, 3]", "[data, L]")
LONG = LONG.replace("range(3)", "range(L)").replace("3]", "16]").replace("3,", "16,")


@pytest.mark.parametrize("steps", [1, 2, 100])
def test_the_number_of_steps_may_be_known_at_the_call(steps: int) -> None:
    torch.manual_seed(0)
    model = storchc.load(text=LONG)().double()
    x = torch.randn(8, steps).double()
    loss, hand = model(x).loss, by_hand(model, x)
    torch.testing.assert_close(loss, hand, rtol=1e-9, atol=1e-9)
    leaves = [model.start, model.move, model.mu, model.width]
    ours, theirs = (torch.autograd.grad(v, leaves, allow_unused=True) for v in (loss, hand))
    torch.testing.assert_close(ours[2:], theirs[2:], rtol=1e-9, atol=1e-9)
    if steps > 1:
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-9)


@pytest.mark.certify
def test_all_steps_in_one_graph() -> None:
    model = storchc.load(text=LONG)().double()
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    x = torch.randn(2, 3).double()
    torch.testing.assert_close(compiled(x).loss, model(x).loss)


def test_the_most_probable_outcome_of_each_step() -> None:
    """Each one given that of the step before, whatever is observed."""
    torch.manual_seed(0)
    model = storchc.load(text=LONG)().double()
    x = torch.randn(2, 5).double()
    state, path = int(model.start.argmax()), []
    for _ in range(5):
        path.append(state)
        state = int(model.move[state].argmax())
    terms = torch.distributions.Normal(model.mu[path], model.width.exp()).log_prob(x)
    found = model(x, given=MODE).loss
    torch.testing.assert_close(found, -terms.sum(-1).mean().detach())


FORBIDDEN = """
story T
plate data
input x[data, 4]
input first[3]
input next[3, 3]
param mu[3] = normal(0, 1)
for t in range(4) from z = 0:
    sample z ~ Categorical(logits=first if t == 0 else next[z]) with Expect()
    compute ll = log_prob(Normal(mu[z], 0.1), x[t])
cost nll = -logmeanexp(sum(sequence(ll)), over=z)
"""
LEFT_TO_RIGHT = [[0.0, 1.0, -torch.inf], [-torch.inf, 0.5, 0.0], [-torch.inf, -torch.inf, 0.0]]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_transitions_that_are_forbidden(dtype: torch.dtype) -> None:
    """As if they were not there, however unlikely what is left."""
    torch.manual_seed(0)
    model = storchc.load(text=FORBIDDEN)().to(dtype)
    first = torch.tensor([0.0, -torch.inf, -torch.inf], dtype=dtype)
    moves = torch.tensor(LEFT_TO_RIGHT, dtype=dtype, requires_grad=True)
    x = torch.tensor([[3.0, 2.0, 0.5, 4.0]], dtype=dtype)
    loss = model(x=x, first=first, next=moves).loss
    terms = torch.distributions.Normal(model.mu, 0.1).log_prob(x[0, :, None])
    logs = moves.log_softmax(-1)
    paths = [(0, a, b, c) for a in range(2) for b in range(a, 3) for c in range(b, 3)]
    allowed = [p for p in paths if all(j - i in (0, 1) for i, j in pairwise(p))]
    every = [
        sum(terms[t, z] for t, z in enumerate(p)) + sum(logs[i, j] for i, j in pairwise(p))
        for p in allowed
    ]
    hand = -torch.logsumexp(torch.stack(every), 0)
    torch.testing.assert_close(loss, hand)
    ours = torch.autograd.grad(loss, [model.mu, moves])
    theirs = torch.autograd.grad(hand, [model.mu, moves])
    torch.testing.assert_close(ours[0], theirs[0])
    torch.testing.assert_close(ours[1], theirs[1])
    assert bool((ours[1][moves.isinf()] == 0).all())


def test_a_sequence_that_is_nowhere_possible() -> None:
    model = storchc.load(text=FORBIDDEN.replace("0.1), x[t])", "0.1), x[t]) + log(z)"))().double()
    first = torch.tensor([0.0, -torch.inf, -torch.inf]).double()
    moves = torch.tensor(LEFT_TO_RIGHT).double()
    loss = model(x=torch.zeros(1, 4).double(), first=first, next=moves).loss
    assert float(loss.detach()) == torch.inf
    (gradient,) = torch.autograd.grad(loss, [model.mu])
    assert bool((gradient == 0).all())


def test_what_rounds_to_nothing_may_be_all_there_is() -> None:
    """A state is 200 orders less likely than others, until the others become impossible."""
    text = """
story T
param w = 0.5
input terms[3, 2]
for t in range(3) from z = 0:
    sample z ~ Bernoulli(probs=0.5 if t == 0 else z) with Expect()
    compute ll = terms[t, long(z)] * w
cost c = -logmeanexp(sum(sequence(ll)), over=z)
"""
    model = storchc.load(text=text)()
    terms = torch.tensor([[0.0, -400.0], [0.0, 0.0], [-3000.0, 0.0]])
    loss = model(terms=terms).loss
    torch.testing.assert_close(loss, torch.tensor(200.0).add(torch.tensor(2.0).log()))
    torch.testing.assert_close(torch.autograd.grad(loss, model.w)[0], torch.tensor(400.0))


BROKEN = {
    "steps in another order": ("x.movedim(-1, 0)", "x.movedim(-1, 0).flip(0)"),
    "states that forget": ("logits=self.move[z]", "logits=self.move[z * 0]"),
    "moves the other way": (", 3)[None, :, :, None]", ", 3).mT[None, :, :, None]"),
    "moves without their gradient": (
        ", 3)[None, :, :, None]",
        ", 3).detach()[None, :, :, None]",
    ),
    "a start that weighs the same": (
        "z_draw.weight[:, None]",
        "z_draw.weight[:, None] * 0 + 1 / 3",
    ),
    "the first observation alone": ("x.movedim(-1, 0)", "x.movedim(-1, 0)[:1]"),
}


def test_the_right_one_passes() -> None:
    certify(case(HIDDEN, {"x": X}), altered("", "", HIDDEN))


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_one_fails(what: str) -> None:
    old, new = BROKEN[what]
    fails(lambda: certify(case(HIDDEN, {"x": X}), altered(old, new, HIDDEN)))


ELSEWHERE = {
    "-logmeanexp(sum(sequence(ll)) ** 2, over=z)": "no sum of terms",
    "-logmeanexp(max(sequence(ll)), over=z)": "no sum of terms",
    "-logmeanexp(z * w, over=z)": "the last step alone",
    "-logmeanexp(sum(sequence(ll)) * z, over=z)": "no sum of terms",
    "-logmeanexp(total, over=z)": "not what it was and a term more",
    "-logmeanexp(sum(sequence(total)), over=z)": "more of the step before",
    "-logmeanexp(sum(sequence(deep)), over=z)": "more of the step before",
    "-logmeanexp(sum(sequence(odd)), over=z)": "the first step alone",
    "-logmeanexp(sum(sequence(seen)), over=z)": "each step by itself",
}
OTHERS = """
story T
input x[3]
param w = 0.4
param u = -0.3
module net: [1] -> [1] = nn.Linear(1, 1)
for t in range(3) from z = 0, total = u, h = 0:
    compute deep = z * h * w
    sample z ~ Bernoulli(logits=u * z + w) with Expect()
    compute h = z * x[t]
    compute ll = (z - x[t]) ** 2
    compute odd = z if t == 1 else u * z
    compute seen = sum(net(stack([z * x[t]])))
    compute total = total * w + ll
"""


@pytest.mark.parametrize("cost", ELSEWHERE)
def test_what_is_no_sum_of_terms_lists_whole_sequences(cost: str) -> None:
    """The same values, summed over sequences; what is in the way is named."""
    text = f"{OTHERS}cost c = {cost}\n"
    assert "EverySequence(" in storchc.compile(text=text)
    many = text.replace("range(3)", "range(99)").replace("x[3]", "x[99]")
    (problem,) = (d for d in storchc.check(text=many) if d.code == "S405")
    (label,) = problem.labels
    assert ELSEWHERE[cost] in label.text


def test_names_that_stand_for_more_and_more_are_not_written_out() -> None:
    steps = "\n".join(f"    compute a{i + 1} = a{i} * a{i} + w" for i in range(40))
    text = f"""
story T
param w = 0.4
for t in range(2) from z = 0:
    sample z ~ Bernoulli(logits=w * z) with Expect()
    compute a0 = z * w
{steps}
cost c = -logmeanexp(sum(sequence(a40)), over=z)
"""
    assert "EverySequence(" in storchc.compile(text=text)
