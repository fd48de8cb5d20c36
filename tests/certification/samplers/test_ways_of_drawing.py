"""LOSS.md §3 and §5 as a table: every way of drawing, and what may be done with its draws.

A cell is a code that the compiler refuses the story with, or empty: then the story is certified,
every outcome run. Noise that is continuous is left to the matrix.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

import storchc
from tests.certification.harness import Case, case, derivatives
from tests.certification.matrix.critic import CRITIC, Critic
from tests.certification.outcomes import enumerate_estimates, flat
from tests.exact.interpreter import interpret

HEADER = """
story T
plate data sum
input x[data]
input u
"""
STEPS = {
    "compared": "cost c = (a - u) ** 2 * x",
    "own plate joined": "cost c = logmeanexp(a * u, over=a)",
    "another joined": "cost c = sum(a * x, over=data) ** 2",
    "own, then another": "cost c = sum(mean(a * x, over=a), over=data) ** 2",
}


class Way(NamedTuple):
    """A way of drawing ``a``, the codes of the four stories, and what it is held against."""

    written: str
    codes: tuple[str, str, str, str]
    plain: str = "ScoreFunction(n=1)"
    finite: bool = True


PROPOSED = "ScoreFunction({}) using ImportanceSampling(n=2, proposal=Bernoulli(probs=0.4))"
FREE = ("", "", "", "")
SLOTS = ("S435", "S430", "", "S430")
SETS = ("S435", "S430", "S501", "S430")
LOOKS = ("-", "S430", "", "S430")
COORDINATES = ("-", "S430", "S431", "S430")

WAYS = (
    Way("ScoreFunction(n=2, {})", FREE, "ScoreFunction(n=2)"),
    Way(PROPOSED, FREE, PROPOSED.format("")),
    Way("VIMCO(n=2)", ("-", "", "", "S417"), "ScoreFunction(n=2)"),
    Way("ScoreFunction({}) using Antithetic(n=2)", SLOTS),
    Way("ScoreFunction({}) using QuasiMonteCarlo(n=2)", SLOTS),
    Way("ScoreFunction({}) using Stratified(n=2)", ("S435", "S430", "S507", "S430")),
    Way("ScoreFunction({}) using WithoutReplacement(k=2)", SETS),
    Way("ScoreFunction({}) using SumAndSample(sum_size=1, sample_size=1)", SETS),
    Way("ScoreFunction({}) using BeamSearch(k=2)", SETS),
    Way("ScoreFunctionWOR(k=2)", ("-", *SETS[1:])),
    Way("UnorderedSetEstimator(k=2)", ("-", *SETS[1:])),
    Way("SumAndSample(sum_size=1)", ("-", *SETS[1:])),
    Way("RaoBlackwellSF(k=2)", ("-", *SETS[1:])),
    Way("Expect()", ("-", "", "S501", ""), "Expect()"),
    Way("ScoreFunction({}) using Enumerate()", ("", "", "S501", ""), "Expect()"),
    Way("ARM(n=2)", LOOKS),
    Way("DisARM(n=2)", LOOKS),
    Way("MuProp(n=2)", LOOKS),
    Way("DoubleCV(n=2)", LOOKS),
    Way("RODEO(n=2)", LOOKS),
    Way("REBAR(n=2)", LOOKS, finite=False),
    Way(f"RELAX(n=2, c_phi={CRITIC})", ("-", "", "", ""), finite=False),
    Way("LocalExpectation(n=2)", COORDINATES),
    Way("MeasureValued(n=2)", COORDINATES),
)
CELLS = [
    pytest.param(way, place, code, id=f"{way.written}-{place}")
    for way in WAYS
    for place, code in zip(STEPS, way.codes, strict=True)
    if code != "-"
]


def story(written: str, place: str) -> Case:
    baseline = "baseline=batch_average" if place == "compared" else ""
    method = written.replace("{}", baseline).replace(", )", ")")
    modules = {CRITIC: Critic(())} if CRITIC in method else {}
    critic = f"module {CRITIC}: [] -> []\n" if modules else ""
    steps = f"sample a ~ Bernoulli(logits=u * x) with {method}\n{STEPS[place]}\n"
    return case(HEADER + critic + steps, {"x": [0.7, -1.2], "u": 0.4}, **modules)


@pytest.mark.parametrize(("way", "place", "code"), CELLS)
def test_it_is_right_or_refused(way: Way, place: str, code: str) -> None:
    this = story(way.written, place)
    errors = {d.code for d in storchc.check(text=this.text) if d.severity == "error"}
    assert errors == ({code} if code else set())
    if code or not way.finite:
        return
    found = enumerate_estimates(this.model(), this, leaves=this.inputs)
    exact = interpret(story(way.plain, place).text, this.inputs, {})
    true = flat(derivatives(exact.value, dict(this.inputs))).detach()
    assert float((found.gradient - true).abs().max()) <= 1e-9
    assert abs(float(found.cost - exact.value.detach())) <= 1e-9


def test_every_sampling_class_is_in_the_table() -> None:
    from storchc.catalogue import samplers

    written = " ".join(way.written for way in WAYS)
    missing = [name for name in samplers.names() if f"using {name}(" not in written]
    assert missing == ["MonteCarlo"]  # which is what is not written
