"""Words for what is wrong with plates (S330 to S339, S525, S526)."""

from __future__ import annotations

from collections.abc import Iterable

from storchc.diagnostics.diagnostic import Label, Problem
from storchc.diagnostics.subjects import Name
from storchc.diagnostics.suggest import listed
from storchc.source import Span

CODES: dict[str, str] = {
    "S330": "a plate that no input lists",
    "S331": "plates of an input out of place",
    "S332": "a plate that the value lacks",
    "S333": "a reduction that sample plates do not have",
    "S334": "`over` together with another argument",
    "S335": "a plate that a sample cannot join",
    "S525": "`each` of a plate that is there already",
    "S526": "a divergence or an entropy that counts once, of draws that are summed",
}


def unlisted_plate(name: Name) -> Problem:
    """``plate data`` alone."""
    message = f"no input lists the plate `{name.id}`, so its size is not known"
    help = f"list it in an input, such as `input x[{name.id}]`, or delete it"
    return Problem("S330", message, name.span, help)


def plate_after_size(name: Name) -> Problem:
    """``input x[784, data]``."""
    message = f"the plate `{name.id}` stands after an event size"
    return Problem("S331", message, name.span, "list the plates first, then the sizes of the event")


def plate_twice(name: Name) -> Problem:
    """``input x[data, data]``."""
    message = f"the plate `{name.id}` is listed twice"
    return Problem("S331", message, name.span, "delete one of them")


def plate_order(name: Name, order: Iterable[str]) -> Problem:
    """``input x[sites, data]`` after ``plate data``, ``plate sites``."""
    message = f"the plate `{name.id}` is out of order"
    help = f"list plates as they are declared: {listed(order)}"
    return Problem("S331", message, name.span, help)


def plate_as_size(name: Name, declared: Span) -> Problem:
    """``param w[data]``."""
    message = f"`{name.id}` is a plate, not the size of an event dimension"
    help = "only an input lists plates; everything else has those of what it is made from"
    return Problem("S331", message, name.span, help, (Label(declared, "declared here"),))


def plate_lacking(name: Name, plates: Iterable[str]) -> Problem:
    """``mean(f, over=p)`` with an ``f`` that is constant along ``p``."""
    known = tuple(plates)
    help = f"its plates are {listed(known)}" if known else "it has no plates at all"
    message = f"the value has no plate `{name.id}` to reduce"
    return Problem("S332", message, name.span, help)


def joined_plate(name: Name, plate: str) -> Problem:
    """``over=y`` where ``y`` was drawn ``in z``."""
    message = f"`{name.id}` opens no plate: its values are drawn in plate `{plate}`"
    return Problem("S332", message, name.span, f"write `{plate}`")


def sample_plate(name: Name, function: str) -> Problem:
    """``sum(f, over=z)``."""
    message = (
        f"`{function}` cannot reduce the sample plate `{name.id}`, whose elements have weights"
    )
    return Problem("S333", message, name.span, f"write `mean(…, over={name.id})`")


def over_with(span: Span, name: str) -> Problem:
    """``mean(f, dim=0, over=p)``."""
    message = (
        f"`over` removes plates and `{name}` speaks of event dimensions: one call cannot do both"
    )
    return Problem("S334", message, span, "reduce twice: one call inside the other")


def over_not_plates(span: Span) -> Problem:
    """``over=0``."""
    message = "`over` is not a plate or a list of plates"
    return Problem("S334", message, span, "write `over=data` or `over=[z, data]`")


def over_elsewhere(span: Span, function: str, functions: Iterable[str]) -> Problem:
    """``exp(x, over=p)``."""
    message = f"`{function}` does not reduce plates"
    return Problem("S334", message, span, f"plates are reduced by {listed(functions)}")


def joins_data_plate(name: Name, declared: Span) -> Problem:
    """``sample z ~ q in data``."""
    message = f"`{name.id}` is a data plate, which samples do not join"
    help = (
        f"delete `in …`: a sample has every plate of its distribution without being told; "
        f"`each {name.id}` gives it one that the distribution lacks"
    )
    return Problem("S335", message, name.span, help, (Label(declared, "declared here"),))


def joins_joined(name: Name, plate: str, drawn: Span) -> Problem:
    """``in y`` where ``y`` itself was drawn ``in z``."""
    message = f"`{name.id}` opens no plate: its values are drawn in plate `{plate}`"
    label = Label(drawn, "drawn here")
    return Problem("S335", message, name.span, f"write `in {plate}`", (label,))


def each_of_a_sample(name: Name, plate: str) -> Problem:
    """``sample y ~ q each z``."""
    message = f"`each` takes data plates, and `{name.id}` is a sample"
    return Problem("S335", message, name.span, f"write `in {plate}` at the end of the statement")


def each_anyway(name: Name, whose: str) -> Problem:
    """``sample z ~ Normal(x, 1) each data`` with an ``x`` of the plate."""
    message = f"{whose} has the plate `{name.id}` already: its elements have draws of their own"
    help = f"leave `{name.id}` out of `each`"
    return Problem("S525", message, name.span, help, severity="warning")


def counts_once(span: Span, what: str, plate: str, sample: str, drawn: Span) -> Problem:
    """``cost kl = kl_divergence(q, p)`` where ``q`` is drawn ``each sites``, which are summed."""
    message = (
        f"this {what} lacks the plate `{plate}`, whose elements are summed: it counts once, "
        f"while `{sample}` is drawn for each"
    )
    help = (
        f"write it by `log_prob(q, {sample})`, which has the plate, or give a parameter "
        f"of the distribution the plate `{plate}`"
    )
    label = Label(drawn, f"drawn for each element of `{plate}`")
    return Problem("S526", message, span, help, (label,), "warning")


def joins_itself(name: Name) -> Problem:
    """``sample z ~ q in z``."""
    message = f"`{name.id}` cannot join the plate that it opens itself"
    return Problem(
        "S335", message, name.span, "delete `in …`, or name the plate of an earlier sample"
    )
