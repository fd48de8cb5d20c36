"""The methods of the certification matrix, and how each is certified. A new method: a line here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from storchc.catalogue.methods import lookup

__all__ = ["SUBJECTS", "Subject"]

Evidence = Literal["outcomes", "draws"]


@dataclass(frozen=True, slots=True)
class Subject:
    """A method as a story writes it, at a family.

    Its ``evidence`` is every outcome (or node of a quadrature), or a million draws. ``refused``
    names the situations that the compiler refuses, with the code of the diagnostic. Of a biased
    method ``own`` says where it is held against its own formula; a relaxation of ``temperature`` is
    held against its relaxed objective here. ``alone`` keeps a method out of the pairs.
    """

    written: str
    family: str = "Bernoulli"
    evidence: Evidence = "outcomes"
    refused: Mapping[str, str] = field(default_factory=dict, hash=False)
    biased: bool = False
    own: str = ""
    temperature: float | None = None
    alone: bool = False

    @property
    def name(self) -> str:
        """The method's name."""
        return self.written.partition("(")[0]

    @property
    def unbiased(self) -> bool:
        """Whether its expected gradient is the true one."""
        entry = lookup(self.name)
        assert entry is not None, f"the catalogue has no method {self.name}"
        return entry.unbiased and not self.biased


STRAIGHT = "test_straight_through.py"
ENTMAX = "test_entmax.py"
MULTI_SAMPLE = "test_multi_sample.py"
PLACES = ("one", "joint", "nested", "above", "data", "second")
RELAXATION = "GumbelSoftmax(temperature=0.5)"
HARD = "GumbelSoftmax(temperature=0.5, straight_through=true)"

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
    Subject(RELAXATION, evidence="draws", temperature=0.5),
    Subject(HARD, "OneHotCategorical", "draws", own=STRAIGHT),
    Subject("GumbelEntmax(alpha=1.5)", "OneHotCategorical", "draws", own=ENTMAX),
    Subject("GumbelSparseMax()", "OneHotCategorical", "draws", own=ENTMAX),
    Subject("ReinMax(n=1)", own=STRAIGHT),
    Subject("ReinMax(n=1)", "OneHotCategorical", own=STRAIGHT),
    Subject("ZGR(n=1)", own=STRAIGHT),
    Subject("GumbelRao(samples=4)", "OneHotCategorical", "draws", own=STRAIGHT),
    Subject("GappedStraightThrough(n=1)", "OneHotCategorical", own=STRAIGHT),
    Subject("ARM(n=1)"),
    Subject("DisARM(n=1)"),
    Subject("LocalExpectation(n=1)"),
    Subject("LocalExpectation(n=1)", "Categorical"),
    Subject("MeasureValued(n=1)"),
    Subject("MeasureValued(n=1)", "Normal", "draws"),
    Subject("VIMCO(n=2)"),
    Subject("STL(n=1)", "Normal", own=MULTI_SAMPLE),
    Subject("DReG(n=1)", "Normal", refused=dict.fromkeys(PLACES, "S417"), own=MULTI_SAMPLE),
    Subject("MuProp(n=1)"),
    Subject("MuProp(n=1)", "OneHotCategorical"),
    Subject("DoubleCV(n=2)"),
    Subject("RODEO(n=2)", alone=True),
    Subject("REBAR(n=1)", evidence="draws"),
    Subject("REBAR(n=1)", "OneHotCategorical", "draws"),
    Subject("RELAX(n=1, c_phi=critic)", evidence="draws", alone=True),
    Subject("RELAX(n=1, c_phi=critic)", "Categorical", "draws", alone=True),
    Subject("LAX(n=1, c_phi=critic)", "Normal"),
)
