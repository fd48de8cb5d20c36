"""Words for what is wrong with the critics of `RELAX` and `LAX`."""

from __future__ import annotations

from storchc.diagnostics.diagnostic import Label, Problem
from storchc.ir.nodes import Callee, Sample
from storchc.ir.size import Shape
from storchc.ir.types import write_shape
from storchc.source import Span

CODES = {
    "S227": "a critic that is not asked about the value, once",
    "S228": "a critic that is no module",
    "S416": "critic of the wrong shape",
    "S447": "what a critic is told has a plate that the sample lacks",
    "S448": "nobody trains what a critic is told",
}


def no_critic(span: Span, option: str, own: str) -> Problem:
    """``c_phi=critic(z) + 1``, ``c_phi=reward(z)``."""
    message = f"the option `{option}` must be a module, or a call of one"
    help = f"write `{option}=critic` or `{option}=critic({own}, h)`, with a `module` of the story"
    return Problem("S228", message, span, help)


def value_missing(span: Span, option: str, critic: str, own: str) -> Problem:
    """``c_phi=critic(h)``."""
    message = f"`{critic}` is not asked about `{own}` here"
    help = f"in `{option}` the name `{own}` is the value at which it is asked: `{critic}({own}, …)`"
    return Problem("S227", message, span, help)


def value_twice(span: Span, option: str, own: str) -> Problem:
    """``c_phi=critic(z, z)``."""
    message = f"`{own}`, the value that the critic is asked about, is given a second time"
    return Problem("S227", message, span, _PREVIOUS.format(own=own))


def value_inside(span: Span, option: str, own: str) -> Problem:
    """``c_phi=critic(2 * z, h)``."""
    message = f"`{own}`, the value that the critic is asked about, stands inside of an expression"
    return Problem("S227", message, span, _PREVIOUS.format(own=own))


_PREVIOUS = (
    "give `{own}` once, as an argument of its own; in a loop the value of the step before gets "
    "another name first: `compute before = {own}`"
)


def tuple_in_context(span: Span, critic: str, at: Span) -> Problem:
    """``c_phi=critic(z, [h, c])``."""
    message = f"`{critic}` takes a tuple here, which no critic does"
    help = "declare its arguments one by one: `module critic: [C], [H], [H] -> []`"
    return Problem("S227", message, span, help, (Label(at, "declared here"),))


def wrong_critic(
    node: Sample, critic: Callee, wanted: Shape, span: Span, *, relaxed: bool, asked: int | None
) -> Problem:
    """A critic that does not take one value of the sample, or does not give one number."""
    shape = write_shape(wanted)
    takes = [shape if place == asked else str(slot) for place, slot in enumerate(critic.arguments)]
    takes = [shape] if asked is None else takes
    given = "relaxed value" if relaxed else "value"
    return Problem(
        "S416",
        f"the critic of `{node.name}` takes a {given}, `{shape}`, to one number, "
        f"but `{critic.name}` is `{critic.signature}`",
        span,
        f"declare it `module {critic.name}: {', '.join(takes)} -> []`",
        (Label(critic.span, "declared here"),),
    )


def context_plates(node: Sample, extra: str, span: Span) -> Problem:
    """A critic that is told something with a plate of its own."""
    return Problem(
        "S447",
        f"what the critic of `{node.name}` is told has the plate `{extra}`, which `{node.name}` "
        "lacks",
        span,
        f"average it first: `mean(…, over={extra})`",
    )


def context_for_nobody(name: str, node: Sample, span: Span) -> Problem:
    """Something that learns, and stands in nothing but what critics are told."""
    return Problem(
        "S448",
        f"nobody trains `{name}`: what the critic of `{node.name}` is told is detached, and "
        f"`{name}` stands nowhere else",
        span,
        "let it be a part of the critic: give that what it is made of",
        severity="warning",
    )


def coupled_critic(node: Sample, layer: str, span: Span, default: Span) -> Problem:
    """Batch normalisation in a critic."""
    return Problem(
        "S411",
        f"the critic of `{node.name}` normalises over the batch, which couples its values",
        span,
        "use a layer that treats rows apart (`nn.LayerNorm`), or keep the critic in eval mode",
        (Label(default, f"`{layer}` uses batch statistics in training mode"),),
        "warning",
    )
