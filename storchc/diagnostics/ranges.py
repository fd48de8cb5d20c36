"""Words for values that lie where they must not (S325, S340 to S349)."""

from __future__ import annotations

from storchc.diagnostics.diagnostic import Problem
from storchc.ir.ranges import Range
from storchc.source import Span

CODES: dict[str, str] = {
    "S325": "the plain output of a module as probabilities or a scale",
    "S340": "a parameter of a distribution outside of its range",
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


def output_as_positive(span: Span, module: str, parameter: str, text: str) -> Problem:
    """``Normal(mu(x), sigma(x))`` where ``sigma`` ends with ``nn.Linear``."""
    message = (
        f"`{parameter}` must be positive, and `{module}` ends with `nn.Linear`, "
        "which gives any number"
    )
    text = f"{module}(…)" if len(text) > 20 else text
    help = f"write `softplus({text})` or `exp({text})`"
    return Problem("S325", message, span, help, severity="warning")
