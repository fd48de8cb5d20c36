"""Words for mistakes of people who come from elsewhere (S510 to S519): the story is sound as it is.

It is hardly what was meant, though, and nothing else would say so.
"""

from __future__ import annotations

from storchc.diagnostics.diagnostic import Label, Problem
from storchc.ir.nodes import Cost, Sample
from storchc.source import Span

CODES = {
    "S510": "a cost made of costs",
    "S511": "a sample that costs see behind `stop_gradient` alone",
    "S512": "the log-probability of a draw times what depends on it",
    "S513": "a cost whose expectation is constant",
    "S514": "a log-probability that is made small",
    "S515": "an event summed twice",
    "S516": "probabilities where logits belong",
    "S517": "a quotient that is likely to have a pole",
}


_INSTEAD = {
    "cross_entropy": "",
    "binary_cross_entropy_with_logits": ", or write `binary_cross_entropy`",
}
"""What else may stand where scores are wanted, by function."""


def _warning(
    code: str, message: str, span: Span, help: str, labels: tuple[Label, ...] = ()
) -> Problem:
    return Problem(code, message, span, help, labels, "warning")


def made_of_costs(cost: Cost, other: str, span: Span, defined: Span) -> Problem:
    """``cost total = kl + reconstruction``."""
    message = f"`{other}` is counted twice: as a cost, and as a part of `{cost.name}`"
    help = (
        f"costs are added up by themselves: define `{other}` by `compute`, make `{cost.name}` a "
        "`report`, or leave it out"
    )
    return _warning("S510", message, span, help, (Label(defined, "a cost already"),))


def nothing_trains(node: Sample, span: Span, by: str) -> Problem:
    """``cost c = r * stop_gradient(z)``, or all of it ``without_credit``."""
    message = f"costs see `{node.name}` behind `{by}` alone, so they train nothing of it"
    help = (
        f"leave `{by}` out: the method of `{node.name}` sees to its gradient, whatever the cost is"
    )
    return _warning("S511", message, node.name_span, help, (Label(span, "here"),))


def surrogate_by_hand(node: Sample, span: Span) -> Problem:
    """``cost c = reward(z) * log_prob(q, z)``."""
    message = f"the log-probability of `{node.name}` is multiplied by what depends on `{node.name}`"
    help = (
        "pay the factor alone, `cost c = …`: the method of the sample makes a surrogate of it, and "
        "this one would be counted on top, or with the wrong sign"
    )
    return _warning("S512", message, span, help)


def constant_expectation(plate: str, span: Span, data: bool) -> Problem:
    """``cost c = -(r - mean(r, over=z))``; ``data``: the plate is a data plate."""
    message = f"the mean over `{plate}` of this is 0, whatever is learned"
    help = (
        "pay the value itself: `baseline=batch_average` at the sample compares it with the others, "
        "where that changes the variance alone"
    )
    if data:
        help = "pay the value itself; what lowers the variance is the `baseline=` of a sample"
    return _warning("S513", message, span, help)


def sign_of_log_prob(span: Span) -> Problem:
    """``cost nll = log_prob(p, x)``."""
    message = "a cost is made small, so what this is the log-probability of becomes improbable"
    return _warning("S514", message, span, "write `observe x ~ …`, or `cost c = -log_prob(…)`")


def sign_of_divergence(span: Span) -> Problem:
    """``cost kl = -kl_divergence(q, p)``."""
    message = "a cost is made small, so this divergence grows without end"
    return _warning("S514", message, span, "leave the sign out: `cost c = kl_divergence(…)`")


def nothing_to_sum(function: str, span: Span, summed: bool) -> Problem:
    """``sum(log_prob(q, x))``."""
    message = f"`{function}` of one number, `[]`, is that number"
    help = f"leave `{function}` out; `over=` reduces plates, which no cost needs"
    if summed:
        help = f"leave `{function}` out: every event dimension is summed already"
        if function == "mean":
            help += "; divide by the size for a mean"
    return _warning("S515", message, span, help)


def summed_and_repeated(span: Span, shape: str) -> Problem:
    """``mask * log_prob(q, x)`` with a mask of the event's shape."""
    message = f"this is summed over its event already, and is repeated here over `{shape}`"
    help = (
        'write `reduction="none"`, which keeps the elements, and `sum(…)` outside of what belongs '
        "to them; or give the other value the event `[]`"
    )
    return _warning("S515", message, span, help)


def made_of_probabilities(function: str, wanted: str, span: Span, made: Span) -> Problem:
    """``cross_entropy(softmax(f(z)), y)``."""
    help = f"leave `{function}` out{_INSTEAD.get(wanted, ', or write `probs=` for `logits=`')}"
    takes = "scores of any size"
    if wanted in ("nll_loss", "kl_div"):
        takes, help = "log-probabilities", "write `log_softmax` in its place"
    message = f"`{wanted}` takes {takes}, and this comes out of `{function}`"
    labels = () if made == span else (Label(made, "made here"),)
    return _warning("S516", message, span, help, labels)


_KEPT = "keep it to one side, by `softplus(…)` or `exp(…)`"
_NO_POLE = "`continuous(…)` says of the quotient that it does not jump"


def likely_pole(span: Span, module: str, layer: str, *, spread: bool) -> Problem:
    """``z / net(z)`` where ``net`` ends with ``nn.Linear``."""
    ends = f"`{module}` ends with `nn.{layer}`, so"
    if spread:
        message = f"{ends} either of these two elements may be larger, and their spread goes to 0"
        help = f"divide by the spread of more than two, or by something else; {_NO_POLE}"
    else:
        message = f"{ends} this goes through 0 as it moves, and the quotient has a pole there"
        help = f"{_KEPT}; {_NO_POLE}"
    return _warning("S517", message, span, help)


def likely_pole_of_a_size(span: Span) -> Problem:
    """``z / abs(net(z))``."""
    message = "this is 0 where what it is the size of changes its sign: the quotient has a pole"
    return _warning("S517", message, span, f"{_KEPT}, in place of `abs`; {_NO_POLE}")
