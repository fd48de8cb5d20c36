"""A story while it is written: what has been defined, by name, plates and event shape."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from math import prod
from typing import Any

from hypothesis import strategies as st

Event = tuple[int, ...]
NUMBERS = ("0.3", "-0.7", "1.2", "0.5", "2")


@dataclass(frozen=True, slots=True)
class Written:
    """An expression, or the value of that name."""

    text: str
    plates: frozenset[str] = frozenset()
    event: Event = ()


@dataclass(slots=True)
class Writer:
    """The story so far; ``bits`` of it are joint outcomes, ``2 ** bits`` of them."""

    draw: st.DrawFn
    lines: list[str] = field(default_factory=list)
    inputs: dict[str, Any] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    data: list[str] = field(default_factory=list)
    drawn: list[str] = field(default_factory=list)
    values: list[Written] = field(default_factory=list)
    costs: set[str] = field(default_factory=set)
    functions: tuple[str, ...] = ()
    kept: dict[str, frozenset[str]] = field(default_factory=dict)
    bits: float = 0.0

    def pick(self, *choices: Any) -> Any:
        """One of ``choices``."""
        return self.draw(st.sampled_from(choices))

    def count(self, plates: frozenset[str]) -> int:
        """The number of elements of these plates."""
        return prod(self.sizes[p] for p in plates)

    def define(self, line: str, value: Written) -> None:
        """Write a statement that defines ``value``."""
        self.lines.append(line)
        self.values.append(value)


# --- expressions ---------------------------------------------------------------------------------

UNARY = (
    "sigmoid({})", "tanh({})", "square({})", "relu({})", "-({})", "exp(tanh({}))",
    "stop_gradient({})",
)  # fmt: skip
CHOICES = ("({} if {} > 0.4 else {})", "where({1} > 0.4, {0}, {2})", "({} if {} > 1 else {})")
PARTS: dict[tuple[Event, Event], tuple[str, ...]] = {
    ((2,), ()): ("sum({})", "{}[0]", "{}[1]", "prod({})", "mean({})", "{}[-1]"),
    ((2, 2), ()): ("sum({})", "{}[0, 1]", "mean({})"),
    ((2, 2), (2,)): ("{}[0]", "sum({}, dim=0)", "{}[:, 1]", "prod({}, dim=1)"),
    ((), (2,)): ("({} * v)", "stack([{}, 0.5])"),
}


def expression(writer: Writer, event: Event, depth: int) -> Written:
    """A random expression of this event shape that is never huge."""
    if depth == 0:
        return leaf(writer, event)
    calls = ("call", "call") if writer.functions and event == () else ()
    match writer.pick("unary", "binary", "binary", "binary", "choice", "over", "leaf", *calls):
        case "call":
            return call(writer, writer.pick(*writer.functions), depth - 1)
        case "unary":
            inner = expression(writer, event, depth - 1)
            forms = UNARY if _unmixed(writer, inner.text) else UNARY[:-1]
            return Written(writer.pick(*forms).format(inner.text), inner.plates, event)
        case "binary":
            return _binary(writer, event, depth)
        case "choice":
            parts = [expression(writer, e, depth - 1) for e in (event, (), event)]
            plates = frozenset().union(*(p.plates for p in parts))
            form = writer.pick(*CHOICES)
            return Written(form.format(*(p.text for p in parts)), plates, event)
        case "over":
            return _over(writer, event, depth)
    return leaf(writer, event)


def _unmixed(writer: Writer, text: str) -> bool:
    """Whether a value is surely not made through ``over=``.

    A cut around a mixed value leaves no credit to speak of, which the interpreter, crediting whole
    costs, and the compiler, crediting their elements, take differently: LANGUAGE.md does not say.
    """
    known = {*writer.drawn, *writer.inputs, "w", "v"}
    defined = {value.text for value in writer.values} - known
    return "over=" not in text and not defined & set(re.findall(r"\w+", text))


def _binary(writer: Writer, event: Event, depth: int) -> Written:
    left = expression(writer, event, depth - 1)
    right = expression(writer, writer.pick(event, ()), depth - 1)
    operator = writer.pick("+", "-", "*", "*")
    return Written(f"({left.text} {operator} {right.text})", left.plates | right.plates, event)


def call(writer: Writer, function: str, depth: int) -> Written:
    """A call of a function of the user's, often for a value that has all plates it has in mind.

    One that is called ``pair`` takes two arguments.
    """
    kept = writer.kept.get(function, frozenset())
    known = [value for value in writer.values if value.plates and kept <= value.plates]
    first = known and writer.pick(True, True, True, False)
    chosen = writer.pick(*known, *known[-2:] * 2) if first else None
    given = [part(writer, chosen, ()) if chosen else expression(writer, (), depth)]
    if function == "pair":
        given.append(expression(writer, (), depth))
    plates = frozenset[str]().union(*(value.plates for value in given))
    writer.kept[function] = kept | plates
    ints = any(re.search(r"[~=] Categorical\(", line) for line in writer.lines)
    form = "1.0 * {}" if ints else "{}"
    texts = ", ".join(form.format(value.text) for value in given)
    return Written(f"{function}({texts})", plates)


def remembered(writer: Writer) -> Written:
    """What a function with a memory says, at times reduced over plates."""
    value = call(writer, writer.pick(*writer.functions), writer.pick(0, 0, 1))
    over = sorted(value.plates)
    if not over or writer.pick(True, False):
        return value
    plate = writer.pick(*over)
    return Written(f"mean({value.text}, over={plate})", value.plates - {plate})


def _over(writer: Writer, event: Event, depth: int) -> Written:
    inner = expression(writer, event, depth - 1)
    if not inner.plates:
        return inner
    known = sorted(inner.plates)
    plates = writer.draw(st.lists(st.sampled_from(known), min_size=1, max_size=2, unique=True))
    names: tuple[str, ...] = ("mean", "logmeanexp")
    if set(plates) <= set(writer.data):
        names = ("mean", "logmeanexp", "sum", "max")
    function = writer.pick(*names)
    operand = f"tanh({inner.text})" if function == "logmeanexp" else inner.text
    over = plates[0] if len(plates) == 1 else f"[{', '.join(plates)}]"
    return Written(f"{function}({operand}, over={over})", inner.plates - set(plates), event)


def leaf(writer: Writer, event: Event) -> Written:
    """A value of the story, or a part of one, of this event shape."""
    recent = writer.values[-2:] * 2
    value = writer.pick(*writer.values, *recent, Written(writer.pick(*NUMBERS)))
    return part(writer, value, event)


def part(writer: Writer, value: Written, event: Event) -> Written:
    """A value, or a part of it, of this event shape."""
    if value.event == event:
        return value
    form = writer.pick(*PARTS.get((value.event, event), ("0.5",)))
    plates = value.plates if "{}" in form else frozenset[str]()
    return Written(form.format(value.text), plates, event)
