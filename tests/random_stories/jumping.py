"""Random stories of a continuous sample, full of thresholds, corners and poles.

Costs are made of ``z`` (and of a lattice ``b``), of two params and of numbers. None is huge, and
wherever a cut condition or `continuous` stands, what it says is true.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from hypothesis import strategies as st

SMOOTH = (
    "sigmoid({})", "tanh({})", "-({})", "exp(tanh({}))", "({0} / (1 + {0} ** 2))",
    "log(1 + square({}))", "sin({})", "sqrt(1 + square({}))",
)  # fmt: skip
KINKS = (
    "relu({})", "abs({})", "elu({})", "leaky_relu({})", "clamp({}, -0.5, 0.8)", "softshrink({})",
    "huber_loss({}, 0)", "selu({})", "norm(stack([{}]))", "sqrt(abs({}))",
)  # fmt: skip
JUMPS = (
    "round({})", "sign({})", "floor({})", "({} % 1)", "frac({})", "hardshrink({})",
    "threshold({}, 0.1, 1.5)", "tanh(1 / {})", "({0} / abs({0}))", "atan2({}, -1.0)",
    "heaviside({}, 1.0)", "copysign(0.7, {})", "tanh(log(abs({})))", "ceil({})",
    "(1.0 * ({} == 0))", "trunc({})",
    "({0} / (abs({0}) + 1e-8))", "sum(normalize(stack([{}])))",
    "1.0 * argmax(stack([{}, 0.9]))", "exp(log_prob(Exponential(1), {}))",
)  # fmt: skip
SAID = ("cos(2 * pi * continuous(round({})))", "({0} % 1 + continuous(floor({0})))")
CHOICES = (
    "(0.3 if {} > {} else 1.2)",
    "({0} if {0} > {1} else {1})",
    "where(stop_gradient({0} > {1}), {0}, {1})",
    "(0.7 * ({0} - {1}) if {0} > {1} else 0.3 * ({1} - {0}))",
    "(0.5 * square({0} - {1}) if abs({0} - {1}) < 1 else abs({0} - {1}) - 0.5)",
    "maximum({}, {})",
    "({0} if {0} < {1} else 0.5 * {1})",
)
KINDS = (
    "jump", "jump", "jump", "choice", "kink", "sum", "sum", "product", "smooth", "said",
)  # fmt: skip
LEAVES = ("z", "(z + th)", "(z - m)", "(z * th)", "m", "th", "1.1")
LOCATIONS = ("m", "m", "m + th", "0.5", "m * th", "stop_gradient(m)")
METHODS = ("", "", " with ScoreFunction()", " with ScoreFunction()", " with Reparameterization()")


@dataclass(frozen=True, slots=True)
class Jumping:
    """A story, and whether ``b`` is to be given."""

    text: str
    scored: bool


@st.composite
def jumping_stories(draw: st.DrawFn) -> Jumping:
    """A random story of ``z``, maybe of ``b``, and of one cost.

    The choices are those of one random number: hypothesis's own are too much alike.
    """
    random = Random(draw(st.integers(0, 2**40)))

    def pick(*choices: Any) -> Any:
        return random.choice(choices)

    def expression(depth: int, names: tuple[str, ...]) -> str:
        if depth == 0:
            return str(pick(*names, *names, *LEAVES))
        kind = pick(*KINDS)
        parts = [expression(depth - 1, names) for _ in range(2)]
        match kind:
            case "sum":
                return f"({parts[0]} {pick('+', '-')} {parts[1]})"
            case "product":
                return f"(tanh({parts[0]}) * {parts[1]})"
            case "choice":
                return str(pick(*CHOICES)).format(*parts)
        forms = {"smooth": SMOOTH, "kink": KINKS, "jump": JUMPS, "said": SAID}[kind]
        return str(pick(*forms)).format(parts[0])

    lines = ["story Jumping", "param m = 0.37", "param th = 0.23"]
    lines.append(f"sample z ~ Normal({pick(*LOCATIONS)}, 1){pick(*METHODS)}")
    kind = pick("", "", "expected", "scored")
    names = ("z", "z", "b") if kind else ("z",)
    if kind == "expected":
        logits = expression(pick(1, 2), ("z",))
        lines.append(f"sample b ~ Bernoulli(logits={logits}) with Expect()")
    elif kind == "scored":
        lines.append("sample b ~ Bernoulli(logits=th) with ScoreFunction()")
    cost = expression(pick(2, 2, 3), names)
    if pick(True, False):
        lines.append(f"compute y = {expression(1, names)}")
        cost = f"{cost} + tanh(y)"
    lines.append(f"cost c = {cost} + 0.1 * (m + th)")
    return Jumping("\n".join(lines) + "\n", kind == "scored")
