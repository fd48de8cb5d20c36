"""LOSS.md, rule by rule: the right derivatives, or the refusal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
import torch

import storchc
from storch_runtime import reduce_plates
from storchc.analysis.facts import liveness
from storchc.ir.expression import OverPlates
from storchc.lower import reductions, scores
from storchc.program.terms import Number, Term, infix
from tests.certification.harness import (
    case,
    certify,
    derivatives,
    differentiable,
    fails,
    hessian_rows,
    parameters,
)
from tests.certification.outcomes import enumerate_estimates, flat
from tests.exact.interpreter import interpret

HEADER = """story T
plate data sum
input x[data]
param u = 0.4
param v[2] = tensor([0.6, -0.8])
"""
INPUTS = {"x": [0.7, -1.2]}
PROPOSED = "ScoreFunction() using ImportanceSampling(n=2, proposal=Bernoulli(probs=0.4))"


def codes(steps: str) -> set[str]:
    """The errors of a story with these steps."""
    found = storchc.check(text=HEADER + steps)
    return {d.code for d in found if d.severity == "error"}


def right(steps: str, **options: Any) -> None:
    certify(case(HEADER + steps, INPUTS), hessian=True, **options)


# --- §1 plates, weights, Reduce ------------------------------------------------------------------


@pytest.mark.parametrize("method", ["Expect()", "ScoreFunction(n=2)", PROPOSED])
def test_a_cost_has_the_plates_of_the_probabilities(method: str) -> None:
    right(f"sample e ~ Bernoulli(logits=u * x) with {method}\ncost c = (e - u) ** 2\n")


def test_weights_of_one_plate_multiply() -> None:
    proposal = "using ImportanceSampling(proposal=Bernoulli(probs=0.3))"
    right(f"""
sample a ~ Bernoulli(logits=u * x) with {PROPOSED}
sample b ~ Bernoulli(logits=a - u) with ScoreFunction() {proposal} in a
cost both = (a + 2 * b - x) ** 2
cost one = a * u
cost mixed = logmeanexp(a + u * b, over=a)
""")


def test_a_plate_goes_before_those_that_its_weights_carry() -> None:
    """`c` stands in the older plate `f` and carries the newer `d`, which may carry `f` itself."""
    proposal = "using ImportanceSampling(proposal=Bernoulli(probs=0.3))"
    for law, last in (("u", "cost h = mean(c * d, over=f)"), ("u * f", "")):
        right(f"""
sample f ~ Bernoulli(logits=u) with ScoreFunction(n=2)
sample d ~ Bernoulli(logits={law}) with Expect()
sample c ~ Bernoulli(logits=d + f) with ScoreFunction() {proposal} in f
cost e = (c + 2 * d - f) ** 2
cost g = logmeanexp(c * u + d, over=[d, f])
{last}
""")


def test_an_outcome_without_probability_counts_nothing() -> None:
    model = storchc.load(
        text="""story T
param u = 0.3
sample k ~ Categorical(probs=stack([u, 1 - u, 0])) with Expect()
cost c = log(2 - k) + u
"""
    )()
    estimate = model()
    estimate.backward()
    assert estimate.loss.isfinite() and model.u.grad.isfinite()


# --- §2 dependence and mixing --------------------------------------------------------------------

WEIGHTED_PARAMETERS = """
sample a ~ Bernoulli(logits=u * x) with {}
sample b ~ Bernoulli(logits=mean(a, over=a)) with ScoreFunction(n=1, baseline=moving_average)
cost c = (b - 0.3) ** 2 + a * b
"""


@pytest.mark.parametrize("method", ["Expect()", "ScoreFunction(n=2)", PROPOSED])
def test_weights_carry_a_gradient_into_parameters(method: str) -> None:
    right(WEIGHTED_PARAMETERS.format(method))


@pytest.mark.parametrize("method", ["Expect()", "ScoreFunction(n=2)", PROPOSED])
def test_a_weighted_plate_reduced_with_another_and_used_by_element(method: str) -> None:
    right(f"""
sample a ~ Bernoulli(logits=u * x) with {method}
cost c = a * mean(a * x * u, over=[data, a])
cost d = logmeanexp(a * x, over=[data, a]) + u * a
""")


CUT = [
    "cost c = stop_gradient(a * u)",
    "cost c = stop_gradient(a) * u",
    "cost c = u * stop_gradient(a) + a\ncost d = stop_gradient(a * x)",
    "sample b ~ Bernoulli(logits=stop_gradient(a) * u) with Expect()\ncost c = b * x",
]


@pytest.mark.parametrize("steps", CUT)
@pytest.mark.parametrize("method", ["Expect()", "ScoreFunction(n=2)", PROPOSED])
def test_a_cut_keeps_the_value_and_drops_the_credit(method: str, steps: str) -> None:
    right(f"sample a ~ Bernoulli(logits=u * x) with {method}\n{steps}\n")


# --- §3 what may be reduced when -----------------------------------------------------------------


@pytest.mark.parametrize("function", ["mean", "sum", "logmeanexp", "max"])
def test_reducing_a_plate_that_weights_still_carry_is_refused(function: str) -> None:
    steps = "sample e ~ Bernoulli(logits=u * x) with Expect()\n"
    assert codes(f"{steps}cost c = {function}(e * x, over=data)\n") == {"S501"}
    assert not codes(f"{steps}cost c = {function}(mean(e * x, over=e), over=data)\n")
    right(f"{steps}cost c = {function}(mean(e * x, over=e), over=data) ** 2\n")


PROPOSALS = "using ImportanceSampling({}proposal=Bernoulli(probs=0.4))"
MIXING = [
    "cost c = mean(a * x, over=data) ** 2",
    "cost c = max(a * x, over=data) * a + u * a * x",
    "sample b ~ Bernoulli(logits=mean(a, over=data)) with ScoreFunction()\ncost c = a * b - u * b",
]


@pytest.mark.parametrize("steps", MIXING)
@pytest.mark.parametrize(
    "options", ["n=1", "n=2", "n=2, baseline=batch_average", "n=1, baseline=0.3"]
)
def test_but_independent_weights_are_multiplied(options: str, steps: str) -> None:
    """The exception of §3: the weight becomes the product over the plate, its score the sum."""
    count, _, baseline = options.partition(", ")
    drawn = f"ScoreFunction({baseline}) {PROPOSALS.format(f'{count}, ')}"
    text = f"sample a ~ Bernoulli(logits=u * x) with {{}}\n{steps}\n"
    unbiased(text.format(drawn), text.format(f"ScoreFunction({count})"))


def test_so_are_weights_that_joined_a_plate() -> None:
    steps = """
sample a ~ Bernoulli(logits=u) with ScoreFunction(n=2)
sample b ~ Bernoulli(logits=u * x + a) with ScoreFunction() {} in a
cost c = mean(b * x - a, over=data) ** 2
cost d = a * b * x
"""
    unbiased(steps.format(PROPOSALS.format("")), steps.format(""))


def test_multiplied_weights_enter_a_reduction_of_their_own_plate() -> None:
    """Against the objective written out: its two draws of two elements each, from the proposal."""
    proposal = PROPOSALS.format("n=2, ").replace("0.4", "0.5")
    text = f"""{HEADER}
sample a ~ Bernoulli(logits=u * x) with ScoreFunction() {proposal}
cost c = logmeanexp(mean(a * x, over=data), over=a)
"""
    story = case(text, INPUTS)
    found = enumerate_estimates(story.model(), story, hessian=True)
    u = torch.tensor(0.4).double().requires_grad_()  # a param is a float32 that was widened
    x = story.inputs["x"]
    total = torch.zeros((), dtype=torch.float64)
    for bits in product((0.0, 1.0), repeat=4):
        a = torch.tensor(bits, dtype=torch.float64).reshape(2, 2)
        law = torch.distributions.Bernoulli(logits=u * x, validate_args=False)
        weight = (law.log_prob(a).sum(1)).exp() / 0.5**2
        total = total + 0.5**4 * (weight * (a * x).mean(1).exp()).mean().log()
    leaves = {"u": u, "v": torch.zeros(2, dtype=torch.float64, requires_grad=True), "x": x}
    gradient = derivatives(total, leaves)
    torch.testing.assert_close(found.gradient, flat(gradient).detach(), rtol=0, atol=1e-12)
    torch.testing.assert_close(found.hessian, hessian_rows(gradient, leaves).detach())


def test_a_public_cost_is_reduced_with_the_product() -> None:
    text = f"sample a ~ Bernoulli(logits=u * x) with ScoreFunction() {PROPOSALS.format('n=3, ')}\n"
    model = storchc.load(text=f"{HEADER}{text}cost c = mean(a * x, over=data) ** 2\n")()
    estimate = model(torch.tensor(INPUTS["x"]))
    torch.testing.assert_close(reduce_plates(estimate, "c"), estimate.cost)


def unbiased(text: str, plain: str) -> None:
    """Every outcome of the story, weighted, has the derivatives of the plain one."""
    story = case(HEADER + text, INPUTS)
    model = story.model()
    found = enumerate_estimates(model, story, hessian=True)
    exact = interpret(HEADER + plain, story.inputs, parameters(model))
    leaves = differentiable(model, story)
    gradient = derivatives(exact.value, leaves)
    torch.testing.assert_close(found.gradient, flat(gradient).detach(), rtol=0, atol=1e-12)
    rows = hessian_rows(gradient, leaves).detach()
    torch.testing.assert_close(found.hessian, rows, rtol=0, atol=1e-12)


# --- §4 baselines --------------------------------------------------------------------------------

JOINED = [
    "cost c = logmeanexp(a * u, over=a)",
    "cost c = (a - mean(a, over=a)) ** 2",
    "cost c = a * stop_gradient(mean(a, over=a))",
    "sample b ~ Bernoulli(logits=mean(a, over=a)) with Expect()\ncost c = a * b",
]


@pytest.mark.parametrize("steps", JOINED)
def test_leave_one_out_is_refused_where_particles_are_joined(steps: str) -> None:
    method = "ScoreFunction(n=2, baseline=batch_average)"
    assert codes(f"sample a ~ Bernoulli(logits=u) with {method}\n{steps}\n") == {"S502"}


@pytest.mark.parametrize("steps", [JOINED[0], JOINED[1], JOINED[3]])
def test_infer_takes_the_moving_average_there(steps: str) -> None:
    text = f"sample a ~ Bernoulli(logits=u) with Infer(n=2)\n{steps}\n"
    assert 'baseline="moving_average"' in storchc.compile(text=HEADER + text)
    right(text)


def test_leave_one_out_of_one_draw_is_refused() -> None:
    steps = "sample a ~ Bernoulli(logits=u) with ScoreFunction(n=1, baseline=batch_average)\n"
    assert codes(f"{steps}cost c = a\n") == {"S409"}


def test_leave_one_out_over_the_data_is_not_offered() -> None:
    """The plate compared with is the sample's own, whatever else is mixed."""
    right("""
sample a ~ Bernoulli(logits=u * x) with ScoreFunction(n=2, baseline=batch_average)
cost c = sum(a * x, over=data) ** 2
cost d = a * u
""")


def test_a_learned_baseline_stays_within_the_plates_of_its_sample() -> None:
    steps = "sample a ~ Bernoulli(logits=u) with ScoreFunction(n=1, baseline=x * u)\ncost c = a\n"
    assert codes(steps) == {"S503"}


# --- §7 every path is differentiable -------------------------------------------------------------


def test_a_path_ends_in_the_parameters_of_a_sample_that_is_not_pathwise() -> None:
    steps = "sample z ~ Normal(u, 0.8) with Reparameterization(n=1)\n"
    assert codes(f"{steps}cost c = round(z)\n") == {"S402"}
    right(f"""{steps}
sample b ~ Bernoulli(logits=tanh(z)) with ScoreFunction(n=1, baseline=moving_average)
cost c = round(b * 0.7) * x + z * u
""")


def test_a_broken_path_beside_a_smooth_one_is_refused() -> None:
    steps = "sample z ~ Normal(u, 0.8) with Reparameterization(n=1)\n"
    assert codes(f"{steps}cost c = z ** 2 + floor(z)\n") == {"S402"}
    assert codes(f"{steps}cost c = z ** 2\ncost d = (z > 0) * u\n") == {"S402"}
    assert not codes(f"{steps}cost c = z ** 2 + stop_gradient(floor(z))\n")


# --- what happens when a rule is broken ----------------------------------------------------------

Break = Callable[[pytest.MonkeyPatch], None]
MIXED = "sample a ~ Bernoulli(logits=u * x) with {}\ncost c = sum(a * x, over=data) ** 2\n"


def averaged_scores(patch: pytest.MonkeyPatch) -> None:
    right_sum = scores.summed

    def wrong(story: Any, term: Term, mixed: Any) -> Term:
        return infix("/", right_sum(story, term, mixed), Number(2.0))

    patch.setattr(scores, "summed", wrong)


def scores_by_element(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(scores, "summed", lambda story, term, mixed: term)


def blind_to_weights(patch: pytest.MonkeyPatch) -> None:
    learns = liveness._Walk._by_itself

    def wrong(self: Any, value: Any, known: Any) -> bool:
        return not isinstance(value, OverPlates) and learns(self, value, known)

    patch.setattr(liveness._Walk, "_by_itself", wrong)


def last_weight_only(patch: pytest.MonkeyPatch) -> None:
    product = vars(reductions)["product_of"]

    def wrong(weights: Any, weight: Any) -> Any:
        return product(replace(weights, samples=weights.samples[-1:]), weight)

    patch.setattr(reductions, "product_of", wrong)


BROKEN: list[tuple[Break, str]] = [
    (averaged_scores, MIXED.format("ScoreFunction(n=1)")),
    (scores_by_element, MIXED.format("ScoreFunction(n=1)")),
    (blind_to_weights, WEIGHTED_PARAMETERS.format("Expect()")),
    (last_weight_only, f"""
sample a ~ Bernoulli(logits=u * x) with {PROPOSED}
sample b ~ Bernoulli(logits=a - u) with ScoreFunction() \
using ImportanceSampling(proposal=Bernoulli(probs=0.3)) in a
cost c = (a + 2 * b - x) ** 2
"""),
]  # fmt: skip


@pytest.mark.parametrize(("broken", "steps"), BROKEN, ids=[b.__name__ for b, _ in BROKEN])
def test_a_broken_rule_fails(broken: Break, steps: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right(steps, tolerance=1e-8)
    with monkeypatch.context() as patch:
        broken(patch)
        assert fails(lambda: right(steps, tolerance=1e-8))


def test_the_default_precision_is_not_needed() -> None:
    """Numbers of the story take the dtype of its parameters, also as parameters of a Bernoulli."""
    right("cost c = kl_divergence(Bernoulli(logits=u), Bernoulli(probs=0.3))\n", tolerance=1e-13)
    right("sample k ~ Binomial(total_count=2, logits=0.3) with Expect()\ncost c = k * u\n")
    assert torch.get_default_dtype() == torch.float32
