"""The methods of the certification matrix, and how each is certified. A new method: a line here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from storchc.catalogue.methods import lookup
from tests.certification.harness import Case
from tests.certification.matrix.situations import SITUATIONS, story
from tests.certification.matrix.truth import PLAIN, Truth, truth

__all__ = ["SUBJECTS", "Subject"]

Evidence = Literal["outcomes", "draws"]


@dataclass(frozen=True, slots=True)
class Subject:
    """A method as a story writes it, at a family.

    ``η`` stands for what the law is given. Its ``evidence`` is every outcome (or node of a
    quadrature), or a million draws. ``refused`` names the situations that the compiler refuses,
    with the code of the diagnostic. ``biased`` is said where it is not what the catalogue says.
    Of a biased method ``own`` says where it is held against its own formula; a relaxation of
    ``temperature`` is held against its relaxed objective here. ``alone`` keeps a method out of
    the pairs. One of multi-sample bounds (``bound``) is held against ``like``, which draws as
    often. ``slopes`` says that the method takes the gradient of what follows for the derivative
    of its value, which that of a straight-through method is not.
    """

    written: str
    family: str = "Bernoulli"
    evidence: Evidence = "outcomes"
    refused: Mapping[str, str] = field(default_factory=dict, hash=False)
    biased: bool | None = None
    own: str = ""
    temperature: float | None = None
    alone: bool = False
    bound: bool = False
    like: str = PLAIN
    slopes: bool = False

    @property
    def sampled(self) -> bool:
        """Whether the method that it is held against is itself a million draws."""
        return not self.like.startswith("ScoreFunction")

    @property
    def name(self) -> str:
        """The method's name."""
        return self.written.partition("(")[0]

    def by_draws(self, situation: str) -> bool:
        """Whether the evidence there is a million draws: the sets of a loop are not listed yet."""
        sequences = SITUATIONS[situation].loop and self.name in ORDERED
        return self.evidence == "draws" or sequences

    def refusal(self, situation: str) -> str | None:
        """The code of the diagnostic that refuses it there."""
        if SITUATIONS[situation].loop and self.name not in LOOPING:
            return self.refused.get(situation, "S190")
        return self.refused.get(situation)

    @property
    def label(self) -> str:
        """The method and the kind of its costs."""
        return f"{self.written} (bound)" if self.bound else self.written

    @property
    def unbiased(self) -> bool:
        """Whether its expected gradient is the true one."""
        entry = lookup(self.name)
        assert entry is not None, f"the catalogue has no method {self.name}"
        return entry.unbiased if self.biased is None else not self.biased

    def story(self, situation: str, *, replicated: bool = False) -> Case:
        """The story with this method."""
        return story(
            SITUATIONS[situation],
            self.family,
            self.written,
            replicated=replicated,
            bound=self.bound,
        )

    def truth(self, situation: str) -> Truth:
        """The true derivatives."""
        return truth(situation, self.family, self.like, bound=self.bound)


LOOPING = {
    "Expect",
    "ScoreFunction",
    "Reparameterization",
    "Infer",
    "GumbelSoftmax",
    "GumbelEntmax",
    "GumbelSparseMax",
    "ReinMax",
    "ZGR",
    "GumbelRao",
    "GappedStraightThrough",
    "ScoreFunctionWOR",
    "UnorderedSetEstimator",
    "RaoBlackwellSF",
    "SumAndSample",
    "VIMCO",
    "LAX",
    "RELAX",
}
ORDERED = {"UnorderedSetEstimator", "RaoBlackwellSF"}
LATER = {"loop": "S190, S417"}
STRAIGHT = "test_straight_through.py"
ENTMAX = "test_entmax.py"
MULTI_SAMPLE = "test_multi_sample.py"
RELAXATION = "GumbelSoftmax(temperature=0.5)"
PROPOSED = "ScoreFunction() using ImportanceSampling(n=2, proposal=Bernoulli(logits=0.3 * η))"
HARD = "GumbelSoftmax(temperature=0.5, straight_through=true)"
SUMMED = "ScoreFunction(baseline=moving_average) using SumAndSample(sum_size=1)"

SUBJECTS: tuple[Subject, ...] = (
    Subject("ScoreFunction(n=1)"),
    Subject("ScoreFunction(n=1)", "Categorical"),
    Subject("ScoreFunction(n=1)", "Normal"),
    Subject("ScoreFunction(n=1, baseline=moving_average)"),
    Subject("ScoreFunction(n=2, baseline=batch_average)"),
    Subject("ScoreFunction(n=2, baseline=batch_average)", "OneHotCategorical"),
    Subject("ScoreFunction(n=1, baseline=0.3)"),
    Subject("Reparameterization(n=1)", "Normal"),
    Subject("Infer(n=1)"),
    Subject("Infer(n=2)"),
    Subject("Infer(n=1)", "Normal"),
    Subject("Expect()"),
    Subject("Expect()", "Categorical"),
    Subject("LAX(c_phi=critic)", "Normal"),
    Subject("REBAR(n=1)", evidence="draws", slopes=True),
    Subject("REBAR(n=1)", "OneHotCategorical", "draws"),
    Subject("RELAX(c_phi=critic)", evidence="draws"),
    Subject("RELAX(c_phi=critic)", "OneHotCategorical", "draws"),
    Subject("RELAX(c_phi=critic)", "Categorical", "draws"),
    Subject("MuProp(n=1)"),
    Subject("MuProp(n=1)", "OneHotCategorical"),
    Subject("DoubleCV(n=2)"),
    Subject("RODEO(n=2)"),
    Subject(RELAXATION, evidence="draws", temperature=0.5),
    Subject(HARD, "OneHotCategorical", "draws", own=STRAIGHT),
    Subject("GumbelEntmax(alpha=1.5)", "OneHotCategorical", "draws", own=ENTMAX),
    Subject("GumbelSparseMax()", "OneHotCategorical", "draws", own=ENTMAX),
    Subject("ReinMax(n=1)", own=STRAIGHT),
    Subject("ReinMax(n=1)", "OneHotCategorical", own=STRAIGHT),
    Subject("ZGR(n=1)", own=STRAIGHT),
    Subject("GumbelRao(samples=4)", "OneHotCategorical", "draws", own=STRAIGHT),
    Subject("GappedStraightThrough(n=1)", "OneHotCategorical", own=STRAIGHT),
    Subject("ScoreFunctionWOR(k=2, use_baseline=false)", "Categorical", evidence="draws"),
    Subject("ScoreFunctionWOR(k=2)", evidence="draws"),
    Subject("ScoreFunctionWOR(k=2)", "OneHotCategorical", evidence="draws"),
    Subject("ScoreFunctionWOR(k=2, biased=true)", "Categorical", evidence="draws", biased=True),
    Subject("UnorderedSetEstimator(k=2)"),
    Subject("UnorderedSetEstimator(k=2)", "Categorical"),
    Subject("UnorderedSetEstimator(k=2, use_baseline=false)", "OneHotCategorical"),
    Subject("UnorderedSetEstimator(k=3)", "Categorical"),
    Subject(
        "UnorderedSetGumbelSoftmax(k=2)",
        "OneHotCategorical",
        "draws",
        own="test_sets_in_stories.py",
    ),
    Subject("SumAndSample(sum_size=1)", "Categorical"),
    Subject("SumAndSample(sum_size=1, sample_size=2)", "OneHotCategorical"),
    Subject("SumAndSample(sum_size=1)"),
    Subject("RaoBlackwellSF(k=2)", "Categorical"),
    Subject("RaoBlackwellSF(k=2)"),
    Subject("MAPO(buffer_size=1)", refused={"data": "S414"}),
    Subject("MAPO(buffer_size=2)", "Categorical", refused={"data": "S414"}),
    Subject("MAPO(buffer_size=1, clip=0.9)", "Categorical", refused={"data": "S414"}, biased=True),
    Subject("ARMS(n=2)"),
    Subject("ARMS(n=3)"),
    Subject("CARMS(n=2)", "OneHotCategorical"),
    Subject("CARMS(n=3)", "Categorical"),
    Subject("ScoreFunction() using Enumerate()"),
    Subject("ScoreFunction() using WithoutReplacement(k=2)", "Categorical", "draws"),
    Subject(SUMMED, "Categorical"),
    Subject("ScoreFunction() using BeamSearch(k=2)", "Categorical", biased=True),
    Subject(PROPOSED, alone=True),
    Subject("ScoreFunction() using Antithetic(n=2)"),
    Subject("Reparameterization() using Antithetic(n=2)", "Normal", "draws"),
    Subject("ScoreFunction() using Stratified(n=2)"),
    Subject("ScoreFunction() using QuasiMonteCarlo(n=2)"),
    Subject("VIMCO(n=2)"),
    Subject("VIMCO(n=2)", bound=True, like="ScoreFunction(n=2)", alone=True),
    Subject("DReG(n=1)", "Normal", refused=dict.fromkeys(SITUATIONS, "S417") | LATER),
    Subject(
        "DReG(n=2)",
        "Normal",
        "draws",
        {"above": "S417", "second": "S417"} | LATER,
        bound=True,
        like="Reparameterization(n=2)",
    ),
    Subject("STL(n=1)", "Normal", biased=False),
    Subject(
        "STL(n=1)", "Normal", "draws", biased=False, bound=True, like="Reparameterization(n=1)"
    ),
    Subject(
        "STL(n=2)",
        "Normal",
        "draws",
        own=MULTI_SAMPLE,
        bound=True,
        like="Reparameterization(n=2)",
    ),
    Subject("ARM(n=1)"),
    Subject("DisARM(n=1)"),
    Subject("LocalExpectation(n=1)"),
    Subject("LocalExpectation(n=1)", "Categorical"),
    Subject("MeasureValued(n=1)"),
    Subject("MeasureValued(n=1)", "Normal", "draws"),
    Subject("ARSM(n=1)", "Categorical", "draws"),
    Subject("ARSM(n=1)", "OneHotCategorical", "draws"),
)
