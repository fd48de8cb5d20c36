"""Every ordered pair of methods on two Bernoulli nodes, one above the other."""

from __future__ import annotations

from functools import cache
from itertools import product

from torch import Tensor

import storchc
from tests.certification.harness import Case, Uncertified, case, derivatives
from tests.certification.matrix.cells import SIGMAS, TOLERANCE, Cell, unsettle
from tests.certification.matrix.critic import CRITIC, Critic
from tests.certification.matrix.sampling import Sampled, known, sample
from tests.certification.matrix.subjects import SUBJECTS, Subject
from tests.certification.outcomes import enumerate_estimates, flat
from tests.exact.interpreter import interpret

__all__ = ["PAIRED", "Pair", "estimate", "examine_pair", "pairs"]

Pair = tuple[Subject, Subject]

STEPS = """\
sample a ~ Bernoulli(logits=u) with {}
sample b ~ Bernoulli(logits=w + 0.8 * a) with {}
cost c = (a + 2 * b - w) ** 2 * (1 + 0.5 * b)
cost d = a * u
"""
EXACT = Subject("Expect()")

PAIRED = tuple(s for s in SUBJECTS if s.family == "Bernoulli" and not s.alone)


def pairs(*, finite: bool | None = None) -> list[Pair]:
    """All ordered pairs; those with finitely many outcomes, or the others."""
    found = list(product(PAIRED, PAIRED))
    return found if finite is None else [pair for pair in found if _finite(pair) == finite]


def examine_pair(pair: Pair) -> Cell:
    """Against the truth; a biased method beside an unbiased one, against that beside ``Expect``."""
    try:
        found = estimate(pair)
        if all(method.unbiased for method in pair):
            return _compare(found, known(_truth()), "")
        bias = float((found.mean - _truth()).norm() / _truth().norm())
        above, below = pair
        misled = above.slopes and not below.unbiased and below.temperature is None
        if misled or not any(method.unbiased for method in pair):
            return Cell("biased", f"bias {bias:.0%}")
        first, second = (EXACT if method.unbiased else method for method in pair)
        return _compare(found, estimate((first, second)), f"bias {bias:.0%}")
    except storchc.StoryError as error:
        codes = sorted({d.code for d in error.diagnostics if d.severity == "error"})
        return Cell("refused", f"refused: {', '.join(codes)}")
    except Uncertified as error:
        return Cell("wrong", str(error))


def _compare(found: Sampled, wanted: Sampled, bias: str) -> Cell:
    difference = found.minus(wanted)
    exact, deviation = not bool(difference.error.any()), difference.deviation()
    right = difference.mean.abs().max() <= TOLERANCE if exact else deviation <= SIGMAS
    if not bool(right):
        words = f"gradient {found.mean.tolist()}, expected {wanted.mean.tolist()}"
        return Cell("wrong", words if exact else f"{words}: {deviation:.1f} σ")
    words = "exact" if exact else f"|z| {deviation:.1f}"
    return Cell("biased", f"{words}, {bias}") if bias else Cell("certified", words)


def _finite(pair: Pair) -> bool:
    return all(method.evidence == "outcomes" for method in pair)


@cache
def estimate(pair: Pair) -> Sampled:
    """The expected gradient, exactly or by draws."""
    this = _story(pair, replicated=not _finite(pair))
    model = this.model()
    unsettle(model)
    if not _finite(pair):
        return sample(model, this)
    mean = enumerate_estimates(model, this, leaves=this.inputs).gradient
    return known(mean)


@cache
def _truth() -> Tensor:
    this = _story((Subject("ScoreFunction(n=1)"),) * 2)
    exact = interpret(this.text, this.inputs, {})
    return flat(derivatives(exact.value, dict(this.inputs))).detach()


def _story(pair: Pair, *, replicated: bool = False) -> Case:
    plates = ("[data]", "plate data\n") if replicated else ("", "")
    inputs = f"{plates[1]}input u{plates[0]}\ninput w{plates[0]}\n"
    steps = STEPS.format(*(method.written for method in pair))
    values = {"u": 0.4, "w": -0.3}
    if CRITIC not in steps:
        return case(f"story T\n{inputs}{steps}", values)
    text = f"story T\n{inputs}module {CRITIC}: [] -> []\n{steps}"
    return case(text, values, **{CRITIC: Critic(())})
