"""Words for jumps, kinks, and what they do to gradients: S44x and S45x."""

from __future__ import annotations

from storchc.diagnostics.diagnostic import Label, Problem
from storchc.ir.nodes import Callee, Param
from storchc.source import Span

CODES = {
    "S440": "a jump moves with what learns",
    "S441": "param that only ever stands where values jump",
    "S442": "what learns is given to a function without gradient",
}


def moved(
    what: str,
    span: Span,
    mover: str,
    labels: tuple[Label, ...],
    mends: tuple[str, ...],
) -> Problem:
    """A jump at a place that moves as something learns; ``what`` says what jumps."""
    return Problem(
        "S440",
        f"{what} at a place that moves with {mover}, and no gradient tells",
        span,
        "; ".join(mends),
        labels,
    )


def param_on_a_lattice(param: Param, place: Span | None) -> Problem:
    """A param whose every use ends in a comparison, or in `round`."""
    label = () if place is None else (Label(place, f"what `{param.name}` does ends in this jump"),)
    return Problem(
        "S441",
        f"`{param.name}` gets no gradient: it stands only where values jump",
        param.span,
        f"make `{param.name}` an input, or let a cost depend on it smoothly",
        label,
        severity="warning",
    )


def nondiff_learns(
    callee: Callee, span: Span, mover: str, place: Span, written: str, credited: str
) -> Problem:
    """A `nondiff` function of what learns by its value; a cut would leave ``credited`` unpaid."""
    cut = f"`stop_gradient({written})`"
    help = (
        f"leave out `nondiff`, or take it so: {cut} would take the credit of {credited} as well"
        if credited
        else f"write {cut} if that is meant, or leave out `nondiff`"
    )
    return Problem(
        "S442",
        f"`{callee.name}` is declared `nondiff`, so {mover} gets no gradient through it",
        span,
        help,
        (Label(place, f"moves with {mover}"), Label(callee.span, "declared here")),
        severity="warning",
    )
