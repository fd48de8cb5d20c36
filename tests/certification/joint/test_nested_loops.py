"""Joint samples in loops within loops: sequences run on through all of them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from storch_runtime.joint import Joint
from tests.certification.harness import case, derivatives, differentiable, fails
from tests.certification.joint.breaking import blind_to_inner_loops
from tests.certification.joint.sequences import BITS, Sequences
from tests.certification.joint.test_several_variables import DATA, HEAD, METHODS, X
from tests.certification.outcomes import flat

NEST = Sequences(
    DATA
    + """
for i in range(2) from g = x:
    compute f = g * w[1] + 0.1 * i
    cost early = f * u
    for j in range(2) from h = g:
        cost inner = h * u * (1 + j)
        sample y ~ Bernoulli(logits=u * h + w[1]) with OPEN
        compute h = tanh(0.7 * h + w[0] * y)
        cost step = (y - h + g) ** 2 * x
        report seen = y * h
    compute s = sum(sequence(y)) + h
    compute g = h + w[0] * s * f
    cost late = (g - f) ** 2
    report end = sum(sequence(h)) * g
cost last = g ** 2 + sum(sequence(s)) * u
""",
    {"y": (BITS, (2, 2))},
    X,
)
PAIR = Sequences(
    DATA
    + """
for i in range(2) from g = x, z = 0.2:
    sample z ~ Bernoulli(logits=u * g + z) with OPEN
    cost early = (z - u) ** 2 * g
    for j in range(1) from h = g:
        sample y ~ Bernoulli(logits=u * h + w[1]) with JOIN in z
        compute h = tanh(0.7 * h + w[0] * y)
        cost step = (y - h + g * z) ** 2 * x
    compute g = h + w[0] * sum(sequence(y)) - z * u
    cost late = (g - z) ** 2
cost last = g ** 2 * sum(sequence(z))
""",
    {"z": (BITS, (2,)), "y": (BITS, (2, 1))},
    X,
)
STOPS = Sequences(
    DATA
    + """
for i in range(2) from g = x:
    compute f = g * w[1] + 0.1 * i
    for j in range(2) from h = g:
        sample y ~ Bernoulli(logits=u * h + w[1]) with OPEN
        compute h = tanh(0.7 * h + w[0] * y)
        cost step = (y - h + g) ** 2 * x
        report seen = y * h
        stop when y == 1
    compute g = h + w[0] * sum(sequence(y)) - 0.2 * sum(sequence(alive))
    cost late = (g - f) ** 2
cost last = g ** 2
""",
    {"y": (BITS, (2, 2))},
    X,
)
AROUND = Sequences(
    "story S"
    + HEAD
    + """
sample z ~ Bernoulli(logits=u) with OPEN
compute a = z * w[0] + u
cost ahead = (a - z) ** 2
for i in range(2) from g = z:
    compute f = g * w[1] - u
    for j in range(1) from h = g:
        sample y ~ Bernoulli(logits=u * h + w[1] * f) with JOIN in z
        compute h = h * 0.7 + w[0] * y
        cost step = (y - h + f) ** 2
    for k in range(1):
        cost other = (h - f * z) ** 2
    compute g = h - f
sample b ~ Bernoulli(logits=g) with JOIN in z
cost last = (g - b) ** 2 + a * b + z * u
""",
    {"z": (BITS, ()), "y": (BITS, (2, 1)), "b": (BITS, ())},
)
ENDS = Sequences(
    DATA
    + """
for i in range(2) from g = x:
    compute f = g * w[1] + 0.1 * i
    for j in range(2) from h = g:
        sample y ~ Bernoulli(logits=u * h + w[1]) with OPEN
        compute h = tanh(0.7 * h + w[0] * y)
        cost step = (y - h + g) ** 2 * x
        report seen = y * h
    compute g = h + w[0] * sum(sequence(y)) - 0.2 * sum(sequence(h))
    compute whole = sequence(h)
    cost late = (g - f) ** 2
    stop when sum(sequence(y)) == 1
cost last = g ** 2 + sum(sequence(whole)) * u
""",
    {"y": (BITS, (2, 2))},
    X,
)
BOTH = Sequences(
    ENDS.text.replace("seen = y * h", "seen = y * h\n        stop when y == 1"), ENDS.variables, X
)
STORIES = {"nest": NEST, "pair": PAIR, "stops": STOPS, "around": AROUND, "ends": ENDS, "both": BOTH}


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("k", [1, 2])
def test_sets_of_sequences(name: str, k: int) -> None:
    joint = STORIES[name]
    joint.agree(joint.over_sets("UnorderedSetEstimator", k))


@pytest.mark.parametrize("name", STORIES)
def test_orders_of_sequences(name: str) -> None:
    joint = STORIES[name]
    joint.agree(joint.over_orders("RaoBlackwellSF", 2))


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("method", METHODS)
def test_all_sequences_have_no_variance(name: str, method: str) -> None:
    STORIES[name].whole(method, 2)


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("method", ["UnorderedSetEstimator", "RaoBlackwellSF"])
def test_what_is_drawn_is_what_is_replayed(name: str, method: str) -> None:
    STORIES[name].follows(method, 3)


def test_it_compiles_as_one_graph() -> None:
    story = NEST.story("ScoreFunctionWOR", "k=18")
    model = story.model()
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    found = derivatives(compiled(**story.inputs).loss, differentiable(model, story))
    NEST.agree(flat(found).detach())


# --- broken variants ------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "k"), [("nest", 3), ("stops", 3), ("around", 2)])
def test_what_does_not_follow_an_inner_loop_fails(
    name: str, k: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For what stands around it an inner loop is one choice among the sequences."""
    blind_to_inner_loops(monkeypatch)
    fails(lambda: STORIES[name].follows("UnorderedSetEstimator", k))


def test_an_inner_loop_without_its_lineage_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if nothing had been chosen in it."""
    right = Joint.since

    def wrong(self: Joint, line: Tensor) -> Joint:
        order = torch.arange(len(line)).reshape(-1, *[1] * (line.dim() - 1)).expand_as(line)
        return right(self, order)

    monkeypatch.setattr(Joint, "since", wrong)
    fails(lambda: NEST.follows("UnorderedSetEstimator", 3))


@pytest.mark.parametrize("loops", ["pair", "nest"])
def test_the_graph_grows_with_the_number_of_steps(loops: str) -> None:
    """Each choice is followed once, and once more for each loop around it."""
    counts = []
    for steps in (4, 8, 16):
        text = STORIES[loops].text.replace("for i in range(2)", f"for i in range({steps})")
        story = Sequences(text, {}, X).story("UnorderedSetEstimator", "k=2")
        seen, stack = set(), [story.model()(**story.inputs).loss.grad_fn]
        while stack:
            node = stack.pop()
            if node is not None and node not in seen:
                seen.add(node)
                stack += [parent for parent, _ in node.next_functions]
        counts.append(len(seen))
    assert counts[2] - counts[1] <= 2.1 * (counts[1] - counts[0])


@pytest.mark.parametrize(
    "method",
    [
        "ScoreFunction() using WithoutReplacement(k=18)",
        "ScoreFunction(baseline=moving_average) using BeamSearch(k=18)",
        "SumAndSample(sum_size=17, sample_size=1)",
    ],
)
@pytest.mark.parametrize("name", ["nest", "stops", "ends", "both"])
def test_other_choices_of_all_sequences_have_no_variance(name: str, method: str) -> None:
    story = case(STORIES[name].text.replace("OPEN", method), X)
    model = story.model()
    for _ in range(2):
        loss = model(**story.inputs).loss
        STORIES[name].agree(flat(derivatives(loss, differentiable(model, story))).detach())
