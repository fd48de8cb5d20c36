"""Words for credit and costs: S5xx."""

from __future__ import annotations

from collections.abc import Sequence

from storchc.diagnostics.diagnostic import Label, Problem
from storchc.diagnostics.suggest import listed
from storchc.ir.nodes import Cost, Sample
from storchc.source import Span

CODES = {
    "S501": "plate reduced before one whose weights carry it",
    "S502": "batch average over a mixed plate",
    "S503": "baseline has a plate that the sample lacks",
    "S504": "story has no cost",
    "S505": "baseline has nothing of its own to learn",
    "S506": "sample reaches no cost",
    "S507": "a cost joins a plate of draws that are right together only",
    "S508": "nobody trains what a baseline is made of",
    "S518": "a summand that credits a sample and is without credit too",
    "S523": "without credit, by way of a stateful function",
}


def reduced_too_early(
    plates: tuple[str, ...], carrier: str, function: str, span: Span, opened: Span
) -> Problem:
    """``over=p`` while another plate is there whose weights differ along ``p`` (LOSS.md §3)."""
    those, are = listed(plates), "are" if len(plates) > 1 else "is"
    outer = plates[0] if len(plates) == 1 else f"[{', '.join(plates)}]"
    mend = f"{function}(mean(…, over={carrier}), over={outer})"
    if function == "mean":
        mend = f"mean(…, over=[{', '.join((carrier, *plates))}])"
    return Problem(
        "S501",
        f"{those} {are} reduced before `{carrier}`, whose weights differ along {those}",
        span,
        f"reduce `{carrier}` first: `{mend}`",
        (Label(opened, f"its values weigh differently for each element of {those}"),),
    )


def mixed_batch_average(node: Sample, span: Span, where: tuple[Span, ...] = ()) -> Problem:
    """Leave-one-out over a plate whose elements a cost joins (LOSS.md §4)."""
    return Problem(
        "S502",
        f"a cost joins the samples of `{node.plate}`, so one cannot be the baseline of another",
        span,
        "use `baseline=moving_average`; a mean that values are compared with in the cost itself "
        "should go: the cost is then 0 on average, whatever is learned",
        tuple(Label(s, f"`{node.plate}` is reduced here") for s in where),
    )


def mixed_spread(node: Sample, span: Span, where: tuple[Span, ...] = ()) -> Problem:
    """``normalize=true`` over a plate whose elements a cost joins."""
    return Problem(
        "S502",
        f"a cost joins the samples of `{node.plate}`, so their coefficients have no spread",
        span,
        "use `baseline=moving_average`, or leave out `normalize`",
        tuple(Label(s, f"`{node.plate}` is reduced here") for s in where),
    )


def drawn_together(
    node: Sample, drawer: str, span: Span, plates: list[str], where: tuple[Span, ...]
) -> Problem:
    """A mixed data plate below stratified draws (LOSS.md §3)."""
    those, are = listed(plates), "are" if len(plates) > 1 else "is"
    return Problem(
        "S507",
        f"a cost joins the elements of {those}, and `{drawer}` is right only for sums over "
        f"`{node.plate}`",
        span,
        "draw independently with `n=…`, or `using QuasiMonteCarlo(n=…)`",
        tuple(Label(s, f"{those} {are} reduced here") for s in where),
    )


def baseline_plates(node: Sample, extra: str, span: Span) -> Problem:
    """A learned baseline with a plate of its own."""
    return Problem(
        "S503",
        f"the baseline of `{node.name}` has the plate `{extra}`, which `{node.name}` lacks",
        span,
        f"average it first: `mean(…, over={extra})`",
    )


def no_cost(story: str, span: Span) -> Problem:
    """Nothing to differentiate."""
    return Problem(
        "S504",
        f"`{story}` pays no cost, so there is nothing to estimate",
        span,
        "add a line such as `cost loss = sum((x - y) ** 2)`",
        severity="warning",
    )


def reaches_no_cost(node: Sample, span: Span) -> Problem:
    """A sample nothing pays for."""
    return Problem(
        "S506",
        f"no cost depends on `{node.name}`",
        span,
        "leave it out, or pay a cost that uses it",
        severity="warning",
    )


def idle_baseline(node: Sample, span: Span) -> Problem:
    """A learned baseline made of values, and of params and modules that the model uses too."""
    return Problem(
        "S505",
        f"the baseline of `{node.name}` has no param or module of its own, so it never learns",
        span,
        "give it a module or a param that stands nowhere else: `module value: [H] -> []`",
        severity="warning",
    )


def critic_of_the_model(name: str, node: Sample, span: Span, *, paid: bool) -> Problem:
    """A critic that a cost or a distribution uses too."""
    trained = "a cost uses it too, which" if paid else "the model uses it too, which"
    return Problem(
        "S505",
        f"`{name}`, the critic of `{node.name}`, never learns that: {trained} alone trains it",
        span,
        "give the method a module that stands nowhere else",
        severity="warning",
    )


def uncredited_state(span: Span) -> Problem:
    """``without_credit`` of what a stateful function makes of draws with a path."""
    return Problem(
        "S523",
        "the draws that this is made of carry a gradient, and so does what a `stateful` function "
        "has in mind of them: it cannot be called once more with fixed draws",
        span,
        "draw them by `ScoreFunction(…)`, or write `stop_gradient(…)` where no gradient at all is "
        "wanted",
    )


def credited_both_ways(cost: Cost, samples: Sequence[str]) -> Problem:
    """A summand of a cost that credits a sample, and has a factor without credit for it."""
    those = listed(samples)
    return Problem(
        "S518",
        f"this summand of `{cost.stated}` credits {those}, and is made of {those} without credit "
        "too",
        cost.value.span,
        "a factor that should credit nobody stands inside of `without_credit(…)` too, or reads its "
        "samples by `stop_gradient(…)`",
    )


def trained_by_nobody(name: str, node: Sample, span: Span) -> Problem:
    """Part of a baseline that the model uses too, but never gives a gradient."""
    return Problem(
        "S508",
        f"nobody trains `{name}`: the model uses it, but no gradient reaches it there, and what "
        f"the model uses the baseline of `{node.name}` holds fixed",
        span,
        f"where it is meant to stay as it is write `stop_gradient(…)` here too; else give the "
        f"baseline a module of its own, or take the cut away where the model uses `{name}`",
        severity="warning",
    )
