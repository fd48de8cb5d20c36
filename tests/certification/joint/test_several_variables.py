"""Several variables of one joint sample, some of them in loops: each chooses anew.

Sequences are of all of them, and whatever is live follows where any of them chooses: draws of the
same step, carried state, costs, histories, and what was there before the loop.
"""

from __future__ import annotations

from itertools import combinations, product
from math import exp, prod

import pytest
import torch

import storchc
from storchc.program.slots import Kind
from tests.certification.harness import case, derivatives, differentiable, fails, parameters
from tests.certification.joint.breaking import kept, places_moved
from tests.certification.joint.sequences import BITS, PAIRS, Sequences
from tests.certification.joint.test_stories import chance
from tests.certification.outcomes import flat
from tests.exact.interpreter import interpret

HEAD = "\nparam u = 0.4\nparam w[2] = tensor([0.3, -0.2])\n"
DATA = "story S\nplate data\ninput x[data]" + HEAD
X = {"x": [0.7]}
PAIR = Sequences(
    DATA
    + """
for t in range(2) from h = x, y = one_hot(0, 2):
    compute h = tanh(0.7 * h + sum(w * y))
    cost early = h * u
    sample y ~ OneHotCategorical(logits=stack([u * h, h])) with OPEN
    compute g = h * y[0]
    cost middle = (sum(y * w) - h) ** 2 * x
    sample v ~ Bernoulli(logits=g + u) with JOIN in y
    report seen = v + y[0] + g
    cost late = (v + g) ** 2 * h
    compute h = h + v * u
cost whole = (sum(sequence(y) * w) - u) ** 2 + h * sum(sequence(v)) + sum(sequence(g))
""".replace("compute h = h + v * u", "report end = h + v * u"),
    {"y": (PAIRS, (2,)), "v": (BITS, (2,))},
    X,
)
STATE = Sequences(
    DATA
    + """
for t in range(2) from h = x, v = 0.3:
    sample y ~ Bernoulli(logits=u * h - v) with OPEN
    sample v ~ Bernoulli(logits=w[0] * h + y) with JOIN in y
    compute h = tanh(0.7 * h + w[0] * y - v * w[1])
    cost step = (y - h + v) ** 2 * x
cost last = (h - v) ** 2
""",
    {"y": (BITS, (2,)), "v": (BITS, (2,))},
    X,
)
STOP = Sequences(
    DATA
    + """
for t in range(2) from h = x:
    sample y ~ Bernoulli(logits=u * h) with OPEN
    cost first = (y - u) ** 2 * h
    sample v ~ Bernoulli(logits=h + w[0] * y) with JOIN in y
    compute h = tanh(0.7 * h + w[0] * y + w[1] * v)
    report seen = y - v
    cost step = (y - h + v) ** 2 * x
    stop when y + v > 1.5
cost length = 0.3 * sum(sequence(alive)) * h + sum(sequence(v) * sequence(y)) * u
""",
    {"y": (BITS, (2,)), "v": (BITS, (2,))},
    X,
)
BEFORE = Sequences(
    DATA
    + """
sample z ~ Bernoulli(logits=u * x) with OPEN
compute g = z * w[0] + u
cost ahead = (g - 0.3) ** 2
compute f = z - u
report old = f
for t in range(2) from h = x + z:
    sample y ~ Bernoulli(logits=h * u + w[1] * f) with JOIN in z
    compute h = tanh(0.7 * h + w[0] * y + z)
    cost step = (y - h) ** 2 * x
cost whole = (h - g) ** 2 + sum(sequence(y)) * z * u
""",
    {"z": (BITS, ()), "y": (BITS, (2,))},
    X,
)
AFTER = Sequences(
    DATA
    + """
for t in range(2) from h = x:
    cost before = h * u
    sample y ~ Bernoulli(logits=h * u) with OPEN
    compute h = tanh(0.7 * h + w[0] * y)
    cost step = (y - h) ** 2 * x
    report seen = y * h
compute s = sum(sequence(y)) * u
cost between = s * h
sample b ~ Bernoulli(logits=h + w[1]) with JOIN in y
cost last = (b - h) ** 2 + s * b + sum(sequence(h)) * u
report score = log_prob(Bernoulli(logits=h), b)
""",
    {"y": (BITS, (2,)), "b": (BITS, ())},
    X,
)
TWICE = Sequences(
    "story S"
    + HEAD
    + """
sample z ~ Bernoulli(logits=u) with OPEN
for t in range(2) from h = z:
    sample y ~ Bernoulli(logits=h * u) with JOIN in z
    compute h = 0.7 * h + w[0] * y
    cost step = (y - h) ** 2 * u
for s in range(1) from g = h:
    compute q = Bernoulli(logits=g * w[1] + u)
    sample v ~ q with JOIN in z
    compute g = g * z + v
    cost other = (g - u) ** 2
    cost kl = kl_divergence(q, Bernoulli(logits=u))
cost last = g * sum(sequence(y)) + u * sum(sequence(v))
""",
    {"z": (BITS, ()), "y": (BITS, (2,)), "v": (BITS, (1,))},
)
STOPS_AFTER = Sequences(
    DATA
    + """
sample z ~ Bernoulli(logits=u * x) with OPEN
for t in range(2) from h = x + z:
    sample y ~ Bernoulli(logits=h * u) with JOIN in z
    compute h = tanh(0.7 * h + w[0] * y + z)
    cost step = (y - h) ** 2 * x
    stop when y == z
sample b ~ Bernoulli(logits=h) with JOIN in z
cost last = (b - h) ** 2 * sum(sequence(alive)) * z + sum(sequence(y)) * u
""",
    {"z": (BITS, ()), "y": (BITS, (2,)), "b": (BITS, ())},
    X,
)
STORIES = {
    "pair": PAIR,
    "state": STATE,
    "stop": STOP,
    "before": BEFORE,
    "after": AFTER,
    "twice": TWICE,
    "stops after": STOPS_AFTER,
}
METHODS = ("UnorderedSetEstimator", "ScoreFunctionWOR", "RaoBlackwellSF")


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("k", [1, 2])
def test_sets_of_sequences(name: str, k: int) -> None:
    joint = STORIES[name]
    joint.agree(joint.over_sets("UnorderedSetEstimator", k))


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("k", [1, 2])
def test_orders_of_sequences(name: str, k: int) -> None:
    joint = STORIES[name]
    joint.agree(joint.over_orders("RaoBlackwellSF", k))


@pytest.mark.parametrize("name", ["before", "after"])
def test_three_sequences(name: str) -> None:
    joint = STORIES[name]
    joint.agree(joint.over_sets("UnorderedSetEstimator", 3))


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("more", [0, 2])
def test_all_sequences_have_no_variance(name: str, method: str, more: int) -> None:
    STORIES[name].whole(method, more)


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("method", ["UnorderedSetEstimator", "RaoBlackwellSF"])
def test_what_is_drawn_is_what_is_replayed(name: str, method: str) -> None:
    STORIES[name].follows(method, 3)


def test_elements_of_a_data_plate_are_independent() -> None:
    """Two elements: the sets of each, together."""
    joint = Sequences(AFTER.text, AFTER.variables, {"x": [0.7, -1.2]})
    story = joint.story("UnorderedSetEstimator", "k=9")
    model = story.model()
    loss = model(**story.inputs).loss
    joint.agree(flat(derivatives(loss, differentiable(model, story))).detach())
    joint.follows("UnorderedSetEstimator", 3)


# --- other draws in the plate of a joint sample ---------------------------------------------------

ALONG = """
story S
param u = 0.4
param w[2] = tensor([0.3, -0.2])
for t in range(2) from c = 0.5:
    sample y ~ Bernoulli(logits=u + w[1] * c) with UnorderedSetEstimator(k=K)
    sample e ~ Bernoulli(logits=w[0] * y + u * c) with ScoreFunction(baseline=BASELINE) in y
    compute c = e
    cost step = (y - e * u) ** 2
cost last = (sum(sequence(e)) - sum(sequence(y)) * w[0]) ** 2
"""


def bernoulli(logit: float, value: int) -> float:
    p = 1 / (1 + exp(-logit))
    return p if value else 1 - p


@pytest.mark.parametrize("k", [1, 2, 4, 6])
@pytest.mark.parametrize("baseline", ["none", "moving_average", "u * c"])
def test_other_draws_belong_to_their_sequences(k: int, baseline: str) -> None:
    """A value of ``e`` belongs to a prefix: sequences with the same beginning share it."""
    if k != 2 and baseline != "none":
        pytest.skip("one number of sequences is enough")
    text = ALONG.replace("=K", f"={k}").replace("BASELINE", baseline)
    story = case(text)
    model = story.model()
    leaves = differentiable(model, story)
    plain = text.replace(f"UnorderedSetEstimator(k={k})", "ScoreFunction()")
    exact = interpret(plain, {}, parameters(model))
    wanted = flat(derivatives(exact.value, leaves)).detach()
    u, (w0, w1) = model.u.item(), model.w.tolist()
    rows = list(product((0, 1), repeat=2))
    total = torch.zeros_like(wanted)
    for early in product((0, 1), repeat=2):
        for late in product((0, 1), repeat=4):
            share = prod(bernoulli(w0 * y + u * 0.5, e) for y, e in enumerate(early))
            share *= prod(
                bernoulli(w0 * y[1] + u * early[y[0]], e) for y, e in zip(rows, late, strict=True)
            )
            law = [
                bernoulli(u + w1 * 0.5, y[0]) * bernoulli(u + w1 * early[y[0]], y[1]) for y in rows
            ]
            for chosen in combinations(range(4), min(k, 4)):
                given = {
                    "y": torch.tensor([rows[s] for s in chosen]).double(),
                    "e": torch.tensor([[early[rows[s][0]], late[s]] for s in chosen]).double(),
                }
                part = share * chance(tuple(law[s] for s in chosen))
                loss = model(given=given).loss
                total += part * flat(derivatives(loss, leaves)).detach()
    torch.testing.assert_close(total, wanted, rtol=0, atol=1e-9)


@pytest.mark.parametrize("method", ["Reparameterization()", "ScoreFunction()"])
@pytest.mark.parametrize("stop", ["", "    stop when v + y[0] > 1.5\n"])
def test_noise_follows(method: str, stop: str) -> None:
    text = PAIR.text.replace(
        "    report seen", f"    sample e ~ Normal(h, 1) with {method} in y\n    report seen"
    )
    text = text.replace("(v + g) ** 2", "(v + g * e) ** 2").replace(
        "cost whole =", "cost whole = e0 +"
    )
    text = text.replace("e0", "sum(sequence(e)) * u").replace("cost whole", f"{stop}cost whole")
    joint = Sequences(text, PAIR.variables, {"x": [0.7, -1.2]})
    for drawn in ("UnorderedSetEstimator", "RaoBlackwellSF"):
        joint.follows(drawn, 3)


# --- compiled -------------------------------------------------------------------------------------


def test_it_compiles_as_one_graph() -> None:
    story = PAIR.story("ScoreFunctionWOR", "k=20")
    model = story.model()
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    found = derivatives(compiled(**story.inputs).loss, differentiable(model, story))
    PAIR.agree(flat(found).detach())


# --- broken variants ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("broken", "name"),
    [
        ("value", "pair"),
        ("value", "state"),
        ("value", "stop"),
        ("value", "before"),
        ("draw", "before"),
        ("draw", "after"),
        ("cost", "after"),
        ("sequence", "twice"),
    ],
)
def test_what_does_not_follow_fails(
    broken: Kind, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(monkeypatch, broken)
    k = 2 if name == "before" else 3  # no more than there are values at first
    fails(lambda: STORIES[name].follows("UnorderedSetEstimator", k))


@pytest.mark.parametrize("last", [False, True])
def test_another_place_in_the_lineage_fails(last: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a step has left belongs to the sequences of the moment when it was left."""
    places_moved(monkeypatch, last)
    fails(lambda: STORIES["pair"].follows("UnorderedSetEstimator", 3))


def test_a_score_of_one_variable_alone_fails() -> None:
    """The loss of the pair with the scores of the first variable only."""
    text = PAIR.text.replace("compute g = h * y[0]", "compute g = h * y[0] + stop_gradient(0.0)")
    cut = text.replace("sum(sequence(v))", "sum(stop_gradient(sequence(v)))")
    broken = Sequences(cut, PAIR.variables, PAIR.inputs)
    fails(lambda: PAIR.agree(broken.over_sets("UnorderedSetEstimator", 1)))


def test_refused_beside_a_joint_sample() -> None:
    """A draw that is weighed, or that opens a plate of its own along the sequences."""
    text = PAIR.story("ScoreFunctionWOR", "k=2").text
    for more, code in (
        ("ScoreFunction() using ImportanceSampling(proposal=Normal(0, 2)) in y", "S190"),
        ("ScoreFunction(n=2)", "S434"),
        ("UnorderedSetEstimator() in y", "S433"),
    ):
        law = "Bernoulli(logits=h)" if "Unordered" in more else "Normal(h, 1)"
        lines = f"    sample e ~ {law} with {more}\n    cost cheap = e * u\n    report seen"
        codes = [d.code for d in storchc.check(text=text.replace("    report seen", lines))]
        assert code in codes, (more, codes)
