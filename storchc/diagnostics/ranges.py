"""Words for values that lie where they must not (S325, S340 to S349)."""

from __future__ import annotations

from storchc.diagnostics.diagnostic import Problem
from storchc.ir.ranges import Range
from storchc.source import Span

CODES: dict[str, str] = {
    "S325": "the plain output of a module, or a param, as probabilities or a scale",
    "S340": "a parameter of a distribution outside of its range",
    "S341": "a value that has no density there",
    "S342": "a divergence that is infinite",
    "S343": "a proposal that does not reach all of its target",
    "S344": "an index that leaves its dimension",
}


def output_as_probs(span: Span, module: str) -> Problem:
    """``Categorical(policy(s))``."""
    message = f"what `{module}` gives is read as `probs`, and nothing makes probabilities of it"
    help = "write `logits=…` if these are scores, `probs=…` if they are probabilities"
    return Problem("S325", message, span, help, severity="warning")


def input_as_probs(span: Span, name: str) -> Problem:
    """``Categorical(scores)`` of an input."""
    message = f"the input `{name}` is read as `probs`, and nothing makes probabilities of it"
    help = "write `logits=…` if these are scores, `probs=…` if they are probabilities"
    return Problem("S325", message, span, help, severity="warning")


def outside(span: Span, parameter: str, family: str, wanted: str, found: Range) -> Problem:
    """``Normal(0, -exp(s))``."""
    where = f"it is {found}" if found.number is not None else f"it lies in {found}"
    message = f"`{parameter}` of `{family}` must be {wanted}, but {where}"
    return Problem("S340", message, span, f"give a value that is {wanted}")


def param_as_probs(span: Span, name: str, *, logits: bool) -> Problem:
    """``Bernoulli(probs=p)`` of a param."""
    message = (
        f"the param `{name}` is read as `probs`, and does not stay between 0 and 1 in training"
    )
    help = "write `logits=…`, whose values may be any" if logits else "write `sigmoid(…)` around it"
    return Problem("S325", message, span, help, severity="warning")


def output_as_positive(
    span: Span, module: str, parameter: str, wanted: str, text: str, *, linear: bool
) -> Problem:
    """``Normal(mu(x), sigma(x))`` where ``sigma`` may end with ``nn.Linear``."""
    message = f"`{parameter}` must be {wanted}, and "
    if linear:
        message += f"`{module}` ends with `nn.Linear`, which gives any number"
    else:
        message += f"nothing says that what `{module}` gives is"
    text = f"{module}(…)" if len(text) > 20 else text
    help = f"write `softplus({text})` or `exp({text})`"
    if not linear:
        help += f"; `clamp({text}, min=1e-6)` where the module gives positive numbers by itself"
    return Problem("S325", message, span, help, severity="warning")


def param_as_positive(span: Span, name: str, parameter: str, wanted: str, text: str) -> Problem:
    """``Normal(m, s)`` of a param ``s``."""
    message = f"`{parameter}` must be {wanted}, and the param `{name}` does not stay so in training"
    text = name if len(text) > 20 else text
    help = f"write `exp({text})`, and start it at the logarithm, or `softplus({text})`"
    return Problem("S325", message, span, help, severity="warning")


def no_density(span: Span, family: str, lies: Range, support: Range, *, observed: bool) -> Problem:
    """``observe -1 ~ Exponential(1)``."""
    where = f"is {lies}" if lies.number is not None else f"lies in {lies}"
    what = "what is observed" if observed else "the value"
    message = f"{what} {where}, and `{family}` lies in {support}: its probability is 0"
    help = "give a value that the distribution can draw, or another distribution"
    return Problem("S341", message, span, help)


def infinite_divergence(span: Span, left: tuple[str, Range], right: tuple[str, Range]) -> Problem:
    """``kl_divergence(Uniform(-1, 1), Exponential(1))``."""
    sides = f"`{left[0]}` lies in {left[1]}, `{right[0]}` in {right[1]} alone"
    message = f"the divergence is infinite: {sides}"
    help = "exchange the two, or give the second one a support that holds the first one's"
    return Problem("S342", message, span, help)


def narrow_proposal(
    span: Span, sample: str, target: tuple[str, Range], proposal: tuple[str, Range], *, cost: bool
) -> Problem:
    """``z ~ Normal(0, 1) … using ImportanceSampling(proposal=Exponential(1))``."""
    message = (
        f"`{sample}` lies in {target[1]}, but the proposal `{proposal[0]}` draws from "
        f"{proposal[1]} alone"
    )
    if cost:
        help = "that is right only if the cost is 0 elsewhere, which is not looked at"
        return Problem("S343", message, span, help, severity="warning")
    help = (
        "draw from a proposal that reaches all of it; where the cost is 0 elsewhere, "
        "add `covers=cost`"
    )
    return Problem("S343", message, span, help)


def index_from_the_end(span: Span, text: str, lies: Range, size: str) -> Problem:
    """``w[k - 1]`` with k from 0."""
    message = f"{_going(text, lies, size)}, which counts from the end below 0"
    help = f"choose by a condition, or keep it inside: `clamp({text}, 0, {size} - 1)`"
    return Problem("S344", message, span, help)


def leaving_index(span: Span, text: str, lies: Range, size: str, *, chosen: bool) -> Problem:
    """``w[k + 1]`` with k up to the last; ``chosen``: below a condition on ``k``."""
    message = f"{_going(text, lies, size)}, outside of it in part"
    help = f"keep it inside: `clamp({text}, 0, {size} - 1)`"
    if chosen:
        help += "; both sides of a choice are computed, whichever is taken"
    return Problem("S344", message, span, help)


def _going(text: str, lies: Range, size: str) -> str:
    return f"`{text}` goes from {lies.low:g} to {lies.high:g} in a dimension of `{size}`"
