"""Words for draws that depend on one another, and for looks at other values: S43x."""

from __future__ import annotations

from storchc.diagnostics.diagnostic import Label, Problem
from storchc.diagnostics.subjects import Chosen
from storchc.diagnostics.suggest import listed
from storchc.ir.nodes import Sample
from storchc.source import Span

CODES = {
    "S430": "a cost joins draws that must stay apart",
    "S431": "method changes one coordinate below a mixed plate",
    "S432": "stateful function whose memory would be wrong",
    "S433": "joint sample of another method",
    "S434": "joint sample with a plate of its own",
    "S435": "draws compared that are not independent",
    "S436": "method in a plate that is selected again",
    "S437": "method relies on a slope that is another",
}


def joined(
    node: Sample, estimator: Chosen, places: tuple[Span, ...], *, chosen: bool = False
) -> Problem:
    """``over=`` the plate of draws that depend on one another, or that a method keeps apart.

    ``chosen``: later samples without replacement choose anew among them.
    """
    why = f"`{_drawer(estimator)}` gives draws that depend on one another"
    if chosen:
        why = f"later samples choose anew among the values of `{node.name}`"
    elif estimator.sampling.independent:
        why = f"`{_drawer(estimator)}` gives values that it evaluates one by one"
    return Problem(
        "S430",
        f"a cost joins the elements of `{node.plate}`, and {why}",
        _place(node, estimator),
        "draw independently with `ScoreFunction(n=…)`, or let each cost use one element at a time",
        tuple(Label(s, f"`{node.plate}` is reduced here") for s in places),
    )


def one_coordinate(
    node: Sample, estimator: Chosen, plates: list[str], places: tuple[Span, ...]
) -> Problem:
    """A mixed plate below a method that swaps coordinates one at a time."""
    return Problem(
        "S431",
        f"a cost joins the elements of {listed(plates)}, and `{estimator.name}` changes one "
        f"coordinate of `{node.name}` at a time, for all of them at once",
        estimator.span,
        "use a method that changes the whole value, such as `DisARM()`, or `ScoreFunction()`",
        tuple(Label(s, f"{listed(plates)} reduced here") for s in places),
    )


def stateful_below(node: Sample, estimator: Chosen, callee: str, span: Span) -> Problem:
    """An environment cannot be asked what would have been."""
    return Problem(
        "S432",
        f"`{estimator.name}` evaluates what is downstream of `{node.name}` at values that were not "
        f"drawn, but `{callee}` is declared `stateful`",
        estimator.span,
        f"use `ScoreFunction()`, or leave out `stateful` if `{callee}` keeps nothing in mind",
        (Label(span, f"`{callee}` is called once a step"),),
    )


def memory_left(
    node: Sample, estimator: Chosen, opener: Sample, callee: str, span: Span
) -> Problem:
    """A joint sample reorders its elements; a function does not know."""
    anew, help = f"`{node.name}` is chosen anew at every step", "carry the state with `from`"
    if not node.loops:
        anew = f"`{node.name}` chooses anew among the elements of `{opener.name}`"
        help = f"give `{callee}` as an argument what it has to know"
    return Problem(
        "S432",
        f"{anew}; what `{callee}` keeps in mind does not follow",
        _place(node, estimator),
        f"{help}, or draw independently with `ScoreFunction(n=…)`",
        (Label(span, f"`{callee}` has in mind what it was called with before"),),
    )


def memory_mixed(opener: Sample, estimator: Chosen, callee: str, span: Span) -> Problem:
    """A call that lacks a plate with weights, of a function that has met it before."""
    name = opener.name
    return Problem(
        "S432",
        f"`{callee}` keeps elements of `{name}` in mind, which `{_drawer(estimator)}` weighs: "
        "here it is called for all of them together",
        span,
        f"give it a value that has the plate `{name}`, or draw with `ScoreFunction(n=…)`",
        (Label(_place(opener, estimator), f"`{name}` is drawn here"),),
    )


def memory_in_baseline(node: Sample, callee: str, span: Span) -> Problem:
    """Baselines are read when the costs are known."""
    return Problem(
        "S432",
        f"the baseline of `{node.name}` calls `{callee}`, which is declared `stateful`, "
        "but baselines are not evaluated in story order",
        span,
        f"write `compute guess = {callee}(…)` above, and `baseline=guess`",
    )


def joins_another(node: Sample, estimator: Chosen, opener: Sample, opened: Chosen) -> Problem:
    """Without replacement ``in`` a plate that something else opened."""
    return Problem(
        "S433",
        f"`{estimator.name}` can only extend a joint sample of its own kind, and the plate "
        f"`{opener.name}` was opened by `{opened.name}`",
        estimator.span,
        f"open `{opener.name}` with `{estimator.name}(k=…)`, or leave out `in {node.plate}`",
        (Label(opener.name_span, f"opened with `{opened.name}`"),),
    )


def plates_of_its_own(
    node: Sample, estimator: Chosen, other: Sample, plates: tuple[str, ...], span: Span
) -> Problem:
    """A joint sample, or what was drawn along with it, that has more plates than its first part."""
    has = "plates" if len(plates) > 1 else "the plate"
    behind = "" if other is node else f", and `{node.name}` chooses anew among its elements"
    help = f"draw `{other.name}` behind the joint sample, or give `{node.plate}` the same plates"
    if node.loops:
        help = f"draw `{other.name}` `in {node.plate}`, or `{node.name}` by `ScoreFunction`"
    return Problem(
        "S434",
        f"`{other.name}` has {has} {listed(plates)}, which the joint sample of `{node.plate}` "
        f"lacks{behind}",
        estimator.span,
        help,
        (Label(span, f"has {has} {listed(plates)}"),),
    )


def compared(node: Sample, estimator: Chosen, opener: Sample, opened: Chosen) -> Problem:
    """A leave-one-out baseline over draws that know of one another."""
    what = "the batch average" if estimator.baseline == "batch_average" else f"`{estimator.name}`"
    return Problem(
        "S435",
        f"{what} compares the elements of `{opener.name}`, which depend on one another",
        estimator.span,
        "use `baseline=moving_average`, which needs no other draws",
        (Label(opener.name_span, f"drawn by `{_drawer(opened)}`"),),
    )


def selected_again(node: Sample, estimator: Chosen, opener: Sample) -> Problem:
    """A look at other values that would change which sequences survive."""
    return Problem(
        "S436",
        f"`{estimator.name}` looks at values of `{node.name}` that were not drawn, but later "
        f"samples choose anew among the elements of `{opener.name}`",
        estimator.span,
        "use `ScoreFunction()` here",
        (Label(opener.name_span, "the joint sample"),),
    )


def biased_slope(node: Sample, estimator: Chosen, later: Sample, biased: Chosen) -> Problem:
    """A straight-through method below REBAR."""
    return Problem(
        "S437",
        f"`{estimator.name}` needs the slope of what is downstream of `{node.name}`, "
        f"and the slope through `{later.name}` is biased",
        estimator.span,
        f"use `MuProp()`, which any slope is right for, or an unbiased method at `{later.name}`",
        (Label(biased.span, f"the gradient of `{later.name}` is biased"),),
    )


def cut_slope(node: Sample, estimator: Chosen, place: Span) -> Problem:
    """``stop_gradient`` below REBAR."""
    return Problem(
        "S437",
        f"`{estimator.name}` needs the slope of all that is downstream of `{node.name}`, "
        "and a part of it is cut off",
        estimator.span,
        "use `MuProp()`, which any slope is right for, or leave out `stop_gradient`",
        (Label(place, f"the slope in `{node.name}` is cut off here"),),
    )


def _drawer(estimator: Chosen) -> str:
    return estimator.name if estimator.sampler is None else estimator.sampler.name


def _place(node: Sample, estimator: Chosen) -> Span:
    return estimator.span if node.sampler is None else node.sampler.span
