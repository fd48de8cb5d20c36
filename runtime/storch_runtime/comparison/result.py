"""What a comparison has found: a row for each model."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import isinf
from typing import Any

from storch_runtime.comparison.table import Line, laid_out, memory, part, percent, spread, wrapped
from storch_runtime.comparison.verdict import Bias

__all__ = ["Comparison", "Row", "Spread"]


@dataclass(frozen=True, slots=True)
class Spread:
    """A variance, in the gradient's unit squared, and its standard error."""

    value: float
    error: float

    def times(self, factor: float) -> Spread:
        """Both, that many times."""
        return Spread(self.value * factor, self.error * factor)


@dataclass(frozen=True, slots=True)
class Row:
    """What was seen of one model, in ``repeats`` estimates of its gradient.

    ``variance`` is that of one estimate, all coordinates summed; ``groups`` the same of the
    parameters under each name of the model. ``bias`` is None where nothing is known of the true
    gradient. ``evaluations`` are those of the costs, for each element of the data plates in a step;
    ``memory`` has the bytes of its tensors at the peak. ``failure`` says why there are no more.
    """

    name: str
    repeats: int
    bias: Bias | None
    variance: Spread
    groups: dict[str, Spread]
    milliseconds: float
    evaluations: int | None
    memory: int | None
    failure: str = ""

    @property
    def product(self) -> Spread:
        """Variance × time, in milliseconds: what a given variance costs. It decides."""
        return self.variance.times(self.milliseconds)

    @property
    def biased(self) -> bool:
        """Whether it is biased beyond doubt."""
        return self.bias is not None and self.bias.found


@dataclass(frozen=True, slots=True)
class Comparison:
    """The rows of all models, and what their gradients are held to.

    ``reference`` is its name; where it is not ``exact`` it is known to a ``reference_error``, the
    length of its standard errors. ``length`` is that of the reference gradient. ``averaged`` names
    samples whose moving averages were empty, and were filled first. Not ``complete``: it was
    interrupted, or its time was up. ``notes`` are other things to know.

    Its text is a table. The best of those that are not biased has the least variance × time.
    """

    rows: tuple[Row, ...]
    reference: str
    exact: bool
    length: float
    reference_error: float
    groups: dict[str, tuple[str, ...]]
    seed: int
    averaged: tuple[str, ...] = ()
    complete: bool = True
    notes: tuple[str, ...] = ()

    @property
    def best(self) -> str | None:
        """The name of the model that decides for itself: not biased, least variance × time.

        Of those without variance it is the quickest.
        """
        judged = [r for r in self.rows if r.repeats > 1 and not r.biased and not r.failure]
        if not judged:
            return None
        return min(judged, key=lambda r: (r.product.value, r.milliseconds)).name

    def as_dict(self) -> dict[str, Any]:
        """All of it, for `json.dumps`."""
        rows = [
            {**asdict(row), "product": asdict(row.product), "biased": row.biased}
            for row in self.rows
        ]
        return {**asdict(self), "best": self.best, "rows": rows}

    def lines(self) -> list[Line]:
        """The table, a line for each row, headings first."""
        shown = list(self.groups) if 1 < len(self.groups) <= 4 else []
        heading = ["method", "bias", "variance", *shown, "ms", "evaluations", "memory"]
        return [
            Line(tuple([*heading, "variance × ms"])),
            *(self._line(row, shown) for row in self.rows),
        ]

    def _line(self, row: Row, shown: list[str]) -> Line:
        if row.repeats < 2:
            return Line((row.name, *["-"] * (len(shown) + 6)))
        cells = [
            row.name,
            self.bias_of(row),
            spread(row.variance.value, row.variance.error),
            *(spread(row.groups[name].value) for name in shown),
            f"{row.milliseconds:.3g}",
            "-" if row.evaluations is None else str(row.evaluations),
            memory(row.memory),
            spread(row.product.value),
        ]
        return Line(tuple(cells), best=row.name == self.best)

    def bias_of(self, row: Row) -> str:
        """The bias of a row in words, as a part of the reference gradient's length."""
        bias = row.bias
        if bias is None:
            return "reference" if row.name == self.reference else "-"
        if bias.unseen and not bias.found:
            return "unseen"
        if bias.found:
            return f"BIASED {part(max(bias.length, bias.deviation), self.length)}"
        if isinf(bias.bound):
            return "-"
        if bias.bound <= _ROUNDED * self.length:
            return "0"
        return f"< {part(bias.bound, self.length)}"

    def remarks(self) -> list[str]:
        """What is to be said below the table."""
        known = "" if self.exact else f", known to {percent(self.reference_error, self.length)}"
        how = "exactly" if self.exact else "by a long run"
        said = [
            f"Bias: of the mean gradient, as a part of the length ({self.length:.3g}) of that of "
            f'{self.reference}, taken {how}{known}. "< 2 %": none is seen, and one of 2 % would be.'
        ]
        for row in self.rows:
            if row.failure:
                said.append(f"{row.name} gave up after {row.repeats} estimates: {row.failure}")
            elif row.bias is not None and row.bias.found:
                said.append(
                    f"{row.name} is biased: {row.bias.place} is off by {row.bias.deviation:.3g}, "
                    f"{row.bias.standard_errors:.0f} standard errors."
                )
            elif row.bias is not None and row.bias.unseen:
                names = ", ".join(row.bias.unseen)
                said.append(
                    f"{row.name}: all {row.repeats} estimates of {names} are the same, and not the "
                    "true gradient. A draw that is too rare to be seen may carry the rest, or it "
                    "is biased."
                )
        if self.averaged:
            names = ", ".join(self.averaged)
            said.append(
                f"Moving averages were empty and were filled first, as training does: {names}."
            )
        return said + list(self.notes)

    def __str__(self) -> str:
        """The table with what is to be said below."""
        return "\n".join([*laid_out(self.lines()), "", *wrapped(self.remarks())])


_ROUNDED = 1e-4
"""A part of the gradient that its rounding may be, in single precision."""
