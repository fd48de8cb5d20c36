"""In which order `Best` tries methods: the least variance first that a budget buys."""

from __future__ import annotations

from storchc.records import dataclass

RANKED = "Best"
"""The method in whose place the first of the ranking is put that is right there."""

DEFAULT_BUDGET = 10
"""How many evaluations it may spend where the story does not say."""


@dataclass(frozen=True, slots=True)
class Rank:
    """A method among those of `Best`, with ``options`` beside its count.

    ``count`` is the option that the budget buys, from ``least`` on. One of the count costs
    ``each + by_coordinate · D + by_outcome · D · (C - 1)`` evaluations of what is downstream, with
    D coordinates of C outcomes, and all of them ``beside`` more. ``reason`` says why the method
    stands where it does.
    """

    method: str
    reason: str
    count: str = "n"
    least: int = 1
    options: str = ""
    each: int = 1
    by_coordinate: int = 0
    by_outcome: int = 0
    beside: int = 0

    @property
    def plain(self) -> bool:
        """Whether one evaluation is one of n draws."""
        beside = self.by_coordinate or self.by_outcome or self.beside
        return self.count == "n" and self.each == 1 and not beside

    def bought(self, budget: int, coordinates: int | None, outcomes: int | None) -> int:
        """How many of the count a budget buys; 0 where too few, or a size is not known."""
        each = self.each
        if self.by_coordinate or self.by_outcome:
            if coordinates is None or (self.by_outcome and outcomes is None):
                return 0
            each += coordinates * (self.by_coordinate + self.by_outcome * ((outcomes or 1) - 1))
        count = (budget - self.beside) // each
        return count if count >= self.least else 0


RANKING = (
    Rank("Expect", "exact: every outcome is weighted by its probability", count="budget"),
    Rank("Reparameterization", "through the values, whose slopes know the way (1312.6114)"),
    Rank("MuProp", "a straight line through the mean takes most of it (1511.05176)", beside=1),
    Rank("LocalExpectation", "each coordinate is summed over (Titsias 2015)", by_outcome=1),
    Rank("ARMS", "antithetic draws of which each sees all others (2105.14141)", least=4),
    Rank("DisARM", "antithetic pairs, the noise integrated out (2006.10680)", each=2),
    Rank("UnorderedSetEstimator", "no value is evaluated twice (2002.06043)", "k", least=2),
    Rank(
        "ScoreFunction",
        "each draw is compared with the mean of the others (Kool 2019)",
        least=2,
        options="baseline=batch_average",
    ),
    Rank("VIMCO", "each draw is compared with the bound without it (1602.06725)", least=2),
    Rank("MeasureValued", "each slope is a difference of costs (1906.10652)", by_coordinate=4),
    Rank(
        "ScoreFunction",
        "what earlier passes cost on average is subtracted",
        options="baseline=moving_average",
    ),
    Rank("ScoreFunction", "it needs a log-probability and no more (Williams 1992)"),
)
"""From the least variance to the most that as many evaluations buy; all are unbiased.

The order among bits and classes is that of measured variances, at 2 to 12 evaluations of squares
and soft maxima of 5 and 10 bits, of sets of 20 classes. It is one order for all stories, which no
theorem holds: a profile that `storchc compare` has measured goes before it.
"""
