"""Random small discrete stories, as text, with values for their inputs.

A story is written statement by statement. What has been defined is known by name, plates and event
shape, so that most stories are right; those that the compiler refuses for a reason that is not
looked at here (mixing, leave-one-out, …) are meant to be counted by the tests that use them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import log2, prod
from typing import Any

from hypothesis import strategies as st

Event = tuple[int, ...]
NUMBERS = ("0.3", "-0.7", "1.2", "0.5", "2")
FLOATS = (-1.1, -0.4, 0.3, 0.8, 1.3)
BITS = 9.0  # joint outcomes of the whole story: 2 ** BITS
ELEMENTS = 32  # plate elements of a single value


@dataclass(frozen=True, slots=True)
class RandomStory:
    """A story and the values of its inputs."""

    text: str
    inputs: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Written:
    """An expression, or the value of that name."""

    text: str
    plates: frozenset[str] = frozenset()
    event: Event = ()


@dataclass(slots=True)
class Writer:
    """The story so far."""

    draw: st.DrawFn
    lines: list[str] = field(default_factory=list)
    inputs: dict[str, Any] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    data: list[str] = field(default_factory=list)
    drawn: list[str] = field(default_factory=list)
    values: list[Written] = field(default_factory=list)
    laws: list[tuple[Written, str]] = field(default_factory=list)
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


@st.composite
def stories(draw: st.DrawFn) -> RandomStory:
    """A random story with one to three samples and one to three costs."""
    writer = Writer(draw)
    _declare(writer)
    for name in ("a", "b", "c")[: writer.pick(1, 2, 2, 3)]:
        _sample(writer, name)
        if writer.pick(True, False):
            _compute(writer, f"{name}_next")
    for i in range(writer.pick(1, 1, 2, 3)):
        _cost(writer, f"cost{i}")
    return RandomStory("story Random\n" + "\n".join(writer.lines) + "\n", writer.inputs)


# --- declarations --------------------------------------------------------------------------------


def _declare(writer: Writer) -> None:
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


def _input(writer: Writer, name: str, plates: tuple[str, ...], event: Event) -> None:
    shape = [writer.sizes[p] for p in plates] + list(event)
    writer.inputs[name] = _numbers(writer, shape)
    sizes = ", ".join([*plates, *map(str, event)])
    writer.define(f"input {name}[{sizes}]", Written(name, frozenset(plates), event))


def _numbers(writer: Writer, shape: list[int]) -> Any:
    if not shape:
        return writer.pick(*FLOATS)
    return [_numbers(writer, shape[1:]) for _ in range(shape[0])]


# --- expressions ---------------------------------------------------------------------------------


def _expression(writer: Writer, event: Event, depth: int) -> Written:
    """A random expression of this event shape that is never huge."""
    if depth == 0:
        return _leaf(writer, event)
    match writer.pick("unary", "binary", "binary", "binary", "choice", "over", "leaf"):
        case "unary":
            inner = _expression(writer, event, depth - 1)
            form = writer.pick(
                "sigmoid({})", "tanh({})", "square({})", "relu({})", "-({})", "exp(tanh({}))"
            )
            return Written(form.format(inner.text), inner.plates, event)
        case "binary":
            return _binary(writer, event, depth)
        case "choice":
            parts = [_expression(writer, e, depth - 1) for e in (event, (), event)]
            form = writer.pick("({} if {} > 0.4 else {})", "where({1} > 0.4, {0}, {2})")
            plates = frozenset().union(*(p.plates for p in parts))
            return Written(form.format(*(p.text for p in parts)), plates, event)
        case "over":
            return _over(writer, event, depth)
    return _leaf(writer, event)


def _binary(writer: Writer, event: Event, depth: int) -> Written:
    left = _expression(writer, event, depth - 1)
    right = _expression(writer, writer.pick(event, ()), depth - 1)
    operator = writer.pick("+", "-", "*", "*")
    return Written(f"({left.text} {operator} {right.text})", left.plates | right.plates, event)


def _over(writer: Writer, event: Event, depth: int) -> Written:
    inner = _expression(writer, event, depth - 1)
    if not inner.plates:
        return inner
    plate = writer.pick(*sorted(inner.plates))
    names = ("mean", "logmeanexp", "sum") if plate in writer.data else ("mean", "logmeanexp")
    function = writer.pick(*names)
    operand = f"tanh({inner.text})" if function == "logmeanexp" else inner.text
    return Written(f"{function}({operand}, over={plate})", inner.plates - {plate}, event)


def _leaf(writer: Writer, event: Event) -> Written:
    recent = writer.values[-2:] * 2
    value = writer.pick(*writer.values, *recent, Written(writer.pick(*NUMBERS)))
    if value.event == event:
        return value
    if value.event == (2,):
        form = writer.pick("sum({})", "{}[0]", "{}[1]", "prod({})", "mean({})")
        return Written(form.format(value.text), value.plates, ())
    return Written(f"({value.text} * v)", value.plates, event)


def _compute(writer: Writer, name: str) -> None:
    value = _expression(writer, writer.pick((), (), (2,)), 2)
    writer.define(f"compute {name} = {value.text}", Written(name, value.plates, value.event))


# --- samples -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Law:
    """A distribution expression with its outcomes and the event of its samples."""

    text: str
    family: str
    plates: frozenset[str]
    outcomes: int
    event: Event

    @property
    def proposal(self) -> str:
        """A proposal for it, or nothing."""
        match self.family, self.event:
            case "Bernoulli", ():
                return "Bernoulli(probs=0.4)"
            case "Bernoulli", _:
                return "Bernoulli(probs=tensor([0.4, 0.7]))"
            case "OneHotCategorical", _:
                return "OneHotCategorical(probs=tensor([0.4, 0.6]))"
        return ""


def _law(writer: Writer, depth: int) -> Law:
    family = writer.pick("Bernoulli", "Bernoulli", "Pair", "Categorical", "OneHot", "Binomial")
    if family in ("Bernoulli", "Binomial"):
        parameter, event = _expression(writer, (), depth), ()
    else:
        parameter, event = _expression(writer, (2,), depth), (2,)
    logits, plates = parameter.text, parameter.plates
    match family:
        case "Bernoulli":
            argument = writer.pick(f"logits={logits}", f"probs=sigmoid({logits})")
            return Law(f"Bernoulli({argument})", "Bernoulli", plates, 2, event)
        case "Pair":
            return Law(f"Bernoulli(logits={logits})", "Bernoulli", plates, 4, event)
        case "Categorical":
            return Law(f"Categorical(logits={logits})", family, plates, 2, ())
        case "OneHot":
            return Law(f"OneHotCategorical(logits={logits})", "OneHotCategorical", plates, 2, event)
    return Law(f"Binomial(total_count=2, logits={logits})", family, plates, 3, event)


def _sample(writer: Writer, name: str) -> None:
    law = _law(writer, writer.pick(0, 1, 2))
    shared = (
        writer.pick(*writer.drawn) if writer.drawn and writer.pick(True, False, False) else None
    )
    if shared is not None and _affordable(writer, law, law.plates | {shared}, 1):
        _shared(writer, name, law, shared)
        return
    size = writer.pick(1, 1, 2, 2)
    if writer.pick(True, True, False) and _affordable(writer, law, law.plates, size):
        method = _method(writer, law, size)
        _open(writer, name, law, size, method)
        writer.drawn.append(name)
        return
    if writer.count(law.plates) * law.outcomes > ELEMENTS:
        law = Law("Bernoulli(logits=w)", "Bernoulli", frozenset(), 2, ())
    _open(writer, name, law, law.outcomes, writer.pick("with Expect()", "with Expect(budget=100)"))


def _affordable(writer: Writer, law: Law, plates: frozenset[str], size: int) -> bool:
    elements = writer.count(plates) * size
    bits = elements * log2(law.outcomes)
    if writer.bits + bits > BITS or elements > ELEMENTS:
        return False
    writer.bits += bits
    return True


def _open(writer: Writer, name: str, law: Law, size: int, method: str) -> None:
    writer.sizes[name] = size
    value = Written(name, law.plates | {name}, law.event)
    writer.define(f"sample {name} ~ {law.text} {method}".rstrip(), value)


def _shared(writer: Writer, name: str, law: Law, plate: str) -> None:
    options = writer.pick("", "baseline=moving_average", "baseline=batch_average")
    if writer.sizes[plate] == 1:
        options = options.replace("batch", "moving")
    sampler = ""
    if law.proposal and writer.pick(True, False, False):
        sampler = f" using ImportanceSampling(proposal={law.proposal})"
    line = f"sample {name} ~ {law.text} with ScoreFunction({options}){sampler} in {plate}"
    writer.define(line, Written(name, law.plates | {plate}, law.event))


def _method(writer: Writer, law: Law, size: int) -> str:
    n = f"n={size}"
    match writer.pick("plain", "average", "others", "learned", "infer", "proposal", "proposal"):
        case "average":
            return f"with ScoreFunction({n}, baseline=moving_average)"
        case "others":
            baseline = "batch_average" if size > 1 else "moving_average"
            return f"with ScoreFunction({n}, baseline={baseline})"
        case "learned":
            known = [v for v in writer.values if v.plates <= law.plates and v.event == ()]
            baseline = writer.pick(*known, Written("w")).text
            return f"with ScoreFunction({n}, baseline=0.5 * {baseline} + 0.2)"
        case "infer":
            return f"with Infer({n})" if size > 1 else writer.pick("", "with Infer()")
        case "proposal" if law.proposal:
            options = writer.pick("", "", "baseline=moving_average")
            sampler = f"ImportanceSampling({n}, proposal={law.proposal})"
            return f"with ScoreFunction({options}) using {sampler}"
    return f"with ScoreFunction({n})"


# --- costs ---------------------------------------------------------------------------------------


def _cost(writer: Writer, name: str) -> None:
    value = _expression(writer, (), writer.pick(1, 2, 3))
    match writer.pick("plain", "plain", "plain", "observe", "divergence"):
        case "observe":
            writer.lines.append(
                f"observe {name} = {value.text} ~ Normal({_leaf(writer, ()).text}, 1)"
            )
        case "divergence":
            law = _law(writer, 1)
            other = law.text.split("(")[0]
            if other != "Bernoulli":
                return _cost(writer, name)
            call = writer.pick(
                f"kl_divergence({law.text}, Bernoulli(probs=0.3))", f"-entropy({law.text})"
            )
            writer.lines.append(f"cost {name} = {call}")
        case _:
            writer.lines.append(f"cost {name} = {value.text}")
    return None
