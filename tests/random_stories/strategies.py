"""Random small stories, as text, with values for their inputs.

A story is written statement by statement. What has been defined is known by name, plates and event
shape, so that most stories are right; those that the compiler refuses for a reason that is not
looked at here (mixing, leave-one-out, a broken path, …) are meant to be counted by the tests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.random_stories.memory import declaration
from tests.random_stories.samples import random_law, sample
from tests.random_stories.writing import Event, Writer, Written, expression, leaf, remembered

FLOATS = (-1.1, -0.4, 0.3, 0.8, 1.3)
CLASHES: tuple[dict[str, str], ...] = (
    {},
    {"a": "loss", "b": "torch", "c": "nn", "w": "F", "data": "methods", "x0": "sizes", "v": "like"},
    {
        "a_next": "a_draw",
        "b_next": "a_law",
        "x0": "data_",
        "cost0": "box",
        "b": "a_box",
        "w": "Tensor",
    },
    {
        "a": "z",
        "b": "z_draw",
        "cost0": "z_score",
        "data": "replayed",
        "w": "Estimate",
        "c": "z_control",
    },
    {"a": "forward", "w": "Layout", "v": "Tensor", "b": "draws", "cost0": "cost", "y": "int"},
)
"""Names that mean something in Python, in torch or in a generated module."""
FUNCTIONS = (("walk",), ("recall",), ("count",), ("walk",), ("recall",), ("walk", "pair"))


@dataclass(frozen=True, slots=True)
class RandomStory:
    """A story and the values of its inputs."""

    text: str
    inputs: dict[str, Any]


@st.composite
def stories(draw: st.DrawFn, stateful: bool = False) -> RandomStory:
    """A random story with one to three samples and one to four costs.

    One that is ``stateful`` calls functions with a memory.
    """
    writer = Writer(draw)
    if stateful:
        writer.functions = writer.pick(*FUNCTIONS)
        writer.lines += [declaration(name) for name in writer.functions]
    declare(writer)
    for name in ("a", "b", "c")[: writer.pick(1, 2, 2, 3)]:
        sample(writer, name)
        _between(writer, name)
    for i in range(writer.pick(1, 1, 2, 3)):
        _cost(writer, f"cost{i}")
    return _renamed(writer, writer.pick(*CLASHES[:1] * 3, *CLASHES[1:]))


def _renamed(writer: Writer, names: dict[str, str]) -> RandomStory:
    text = re.sub(r"\w+", lambda word: names.get(word[0], word[0]), "\n".join(writer.lines))
    inputs = {names.get(name, name): value for name, value in writer.inputs.items()}
    return RandomStory(f"story Random\n{text}\n", inputs)


# --- declarations --------------------------------------------------------------------------------


def declare(writer: Writer) -> None:
    """Random plates, inputs and parameters."""
    for plate in ("data", "sites")[: writer.pick(0, 1, 1, 2)]:
        writer.lines.append(f"plate {plate}{writer.pick('', ' sum')}")
        writer.data.append(plate)
        writer.sizes[plate] = writer.pick(1, 2, 2)
    for i, plate in enumerate(writer.data):
        _input(writer, f"x{i}", (plate,), writer.pick((), (), (2,)))
    if len(writer.data) == 2:
        _input(writer, "y", tuple(writer.data), ())
    writer.define("param w = 0.4", Written("w"))
    writer.define("param v[2] = tensor([0.6, -0.8])", Written("v", event=(2,)))
    if writer.data and writer.pick(True, False, False):
        _indices(writer, writer.data[0])


def _input(writer: Writer, name: str, plates: tuple[str, ...], event: Event) -> None:
    shape = [writer.sizes[p] for p in plates] + list(event)
    writer.inputs[name] = _numbers(writer, shape)
    sizes = ", ".join([*plates, *map(str, event)])
    writer.define(f"input {name}[{sizes}]", Written(name, frozenset(plates), event))


def _numbers(writer: Writer, shape: list[int]) -> Any:
    if not shape:
        return writer.pick(*FLOATS)
    return [_numbers(writer, shape[1:]) for _ in range(shape[0])]


def _indices(writer: Writer, plate: str) -> None:
    """An input of ints along a plate, and what it picks out of a parameter."""
    writer.inputs["k"] = [writer.pick(0, 1) for _ in range(writer.sizes[plate])]
    writer.lines.append(f"input k[{plate}]: int")
    writer.values.append(Written("v[k]", frozenset({plate})))


# --- statements ----------------------------------------------------------------------------------


def _between(writer: Writer, name: str) -> None:
    """What follows a sample: a value, a report, or a cost in the middle of the story."""
    kind = writer.pick("compute", "compute", "report", "cost", "", "")
    if kind == "cost":
        _cost(writer, f"{name}_early")
    elif kind:
        target, event = f"{name}_next", writer.pick((), (), (2,))
        value = remembered(writer) if writer.functions else expression(writer, event, 2)
        line = f"{kind} {target} = {value.text}"
        if kind == "compute":
            writer.define(line, Written(target, value.plates, value.event))
        else:
            writer.lines.append(line)


def _cost(writer: Writer, name: str) -> None:
    kinds = ("plain", "plain", "plain", "observe", "input", "existing", "divergence")
    match writer.pick(*kinds):
        case "observe":
            writer.lines.append(
                f"observe {name} = {expression(writer, (), 1).text} ~ Normal({_mean(writer)}, 1)"
            )
        case "input" if "x0" in writer.inputs and "x0" not in writer.costs:
            writer.costs.add("x0")
            writer.lines.append(f"observe x0 ~ Normal({_mean(writer)}, 1.5)")
        case "existing" if free := _existing(writer):
            writer.costs.add(chosen := writer.pick(*free))
            writer.lines.append(f"cost {chosen}")
        case "divergence":
            _divergence(writer, name)
        case _:
            depth = writer.pick(1, 2, 3)
            said = writer.functions and writer.pick(True, False)
            value = remembered(writer) if said else expression(writer, (), depth)
            writer.define(f"cost {name} = {value.text}", Written(name, value.plates))


def _mean(writer: Writer) -> str:
    return leaf(writer, ()).text


def _existing(writer: Writer) -> list[str]:
    """Values that can be made costs as they are."""
    named = [v for v in writer.values if v.text.endswith("_next") and v.event == ()]
    return [v.text for v in named if v.text not in writer.costs]


def _divergence(writer: Writer, name: str) -> None:
    law = random_law(writer, 1)
    calls = {
        "Bernoulli": f"kl_divergence({law.text}, Bernoulli(probs=0.3))",
        "OneHotCategorical": f"kl_divergence({law.text}, OneHotCategorical(probs=full([2], 0.5)))",
        "Normal": f"kl_divergence({law.text}, Normal(0, 2))",
    }
    call = writer.pick(calls.get(law.family, ""), f"-entropy({law.text})")
    if not call or law.family in ("Binomial", "Mixture", "Inflated"):
        call = "square(w)"
    writer.define(
        f"cost {name} = {call}", Written(name, law.plates if law.text in call else frozenset())
    )
