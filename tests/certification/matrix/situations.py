"""The situations of the certification matrix: small stories around one sample ``z``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.certification.harness import Case, case
from tests.certification.matrix.critic import CRITIC, Critic
from tests.certification.matrix.declared import OWN
from tests.certification.matrix.families import FAMILIES, Family

__all__ = ["SITUATIONS", "Situation", "story"]

REPLICATES = "data"


@dataclass(frozen=True, slots=True)
class Situation:
    """``steps`` around ``{sample}`` and ``{value}``; the law of ``z`` is given ``argument``.

    ``bound`` are the steps for methods of multi-sample bounds; there the law is called ``q``.

    ``inputs`` are the leaves of the gradient; one whose name is in ``sites`` has that plate.
    """

    title: str
    inputs: Mapping[str, Any]
    argument: str
    steps: str
    bound: str
    joint: bool = False
    sites: tuple[str, ...] = ()
    second: bool = False
    loop: bool = False


OTHER = "ScoreFunction(n=1, baseline=moving_average)"
ABOVE = f"sample a ~ Bernoulli(logits=w) with {OTHER}\n"
BELOW = f"sample b ~ Bernoulli(logits=w + 0.3 * y) with {OTHER}\n"
WITHIN = BELOW.replace(OTHER, "ScoreFunction(baseline=moving_average) in z")
Z = "{sample}\ncompute y = {value}\n"
LOOP = """\
for t in range(2) from h = 0.3:
    {{sample}}
    compute y = {{value}}
    compute h = 0.5 * h + y
    {}"""


SEQUENCES = """\
compute f = y * u + 0.1 * h - 0.5 * (y - 0.3) ** 2 - log_prob(q, z)
cost c = -logmeanexp(sum(sequence(f)), over=z)
"""


def bound(weight: str, square: str = "(y - 0.3) ** 2") -> str:
    """A cost that joins the draws of ``z``."""
    return f"cost c = -logmeanexp({weight} - 0.5 * {square} - log_prob(q, z), over=z)\n"


SITUATIONS = {
    "one": Situation(
        "one node",
        {"u": 0.4},
        "u",
        f"{Z}cost c = (y - u) ** 2 * (1 + 0.5 * y)\ncost d = 2 * y * u\n",
        Z + bound("y * u"),
    ),
    "joint": Situation(
        "joint event",
        {"v": [0.4, -0.9]},
        "v",
        f"{Z}cost c = (y[0] + 2 * y[0] * y[1] - v[1]) ** 2 * (1 + 0.5 * y[1])\n",
        Z + bound("0.4 * y[0] * y[1] + v[0] * y[1]", "sum((y - 0.3) ** 2)"),
        joint=True,
    ),
    "nested": Situation(
        "under a node",
        {"u": 0.4, "w": -0.3},
        "u + 0.8 * a",
        f"{ABOVE}{Z}cost c = (y + 2 * a - u) ** 2 * (1 + 0.5 * y)\ncost d = a * w\n",
        ABOVE + Z + bound("y * (u + a)") + "cost d = a * w\n",
    ),
    "above": Situation(
        "above a node",
        {"u": 0.4, "w": -0.3},
        "u",
        f"{Z}{BELOW}cost c = (y + 2 * b - w) ** 2 * (1 + 0.5 * y)\ncost d = 2 * y * u\n",
        Z + WITHIN + bound("y * u + 0.4 * b * y"),
    ),
    "data": Situation(
        "data plate",
        {"u": 0.4, "x": [0.7, -1.2]},
        "u * x + 0.1",
        f"{Z}cost c = (y - x) ** 2 * (1 + 0.5 * y)\ncost d = 2 * y * u\n",
        Z + bound("y * x * u"),
        sites=("x",),
    ),
    "second": Situation(
        "second order",
        {"u": 0.4, "w": -0.3},
        "u + 0.8 * a",
        f"{ABOVE}{Z}{BELOW}cost c = (y + 2 * b - a * u) ** 2 * (1 + 0.5 * y)\ncost d = y * w\n",
        ABOVE + Z + WITHIN + bound("y * (u + a) + 0.4 * b * y"),
        second=True,
    ),
    "loop": Situation(
        "in a loop",
        {"u": 0.4},
        "u + 0.2 * h",
        LOOP.format("cost c = (h - u) ** 2 * (1 + 0.5 * y)\n"),
        LOOP.format(SEQUENCES),
        loop=True,
    ),
}


def story(
    situation: Situation,
    family: str,
    method: str,
    *,
    replicated: bool = False,
    bound: bool = False,
    known: bool = False,
) -> Case:
    """The story with ``method`` at ``z``; replicated along a data plate for statistics.

    ``known``: in words that the interpreter knows.
    """
    law = FAMILIES[family]
    law = law.like or law if known else law
    lines = ["story T", *([f"plate {REPLICATES}"] if replicated else [])]
    lines += ["plate sites sum"] if situation.sites else []
    for name, value in situation.inputs.items():
        lines.append(f"input {name}{_sizes(name, value, situation, replicated)}")
    shape = (*((2,) if situation.joint else ()), *law.event)
    if CRITIC in method:
        lines.append(f"module {CRITIC}: {list(shape)} -> []")
    modules: dict[str, Any] = {CRITIC: Critic(shape)} if CRITIC in method else {}
    if law.own is not None:
        modules[OWN], flags = law.own
        lines.append(f"distribution {OWN} {flags}: {list(shape)} -> {list(shape)}")
    text = "\n".join(lines) + f"\n{_steps(situation, law, method, bound)}"
    return case(text, situation.inputs, **modules)


def _sizes(name: str, value: Any, situation: Situation, replicated: bool) -> str:
    sizes = [REPLICATES] if replicated else []
    if name in situation.sites:
        sizes.append("sites")
    elif isinstance(value, list):
        sizes.append(str(len(value)))
    return f"[{', '.join(sizes)}]" if sizes else ""


def _steps(situation: Situation, family: Family, method: str, bound: bool) -> str:
    method = method.replace("η", f"({situation.argument})")
    law = (family.joint if situation.joint else family.law).format(situation.argument)
    value = family.values if situation.joint else family.value
    if bound:
        indent = "    " if situation.loop else ""
        sample = f"compute q = {law}\n{indent}sample z ~ q with {method}"
        return situation.bound.format(sample=sample, value=value)
    return situation.steps.format(sample=f"sample z ~ {law} with {method}", value=value)
