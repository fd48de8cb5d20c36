"""Random small stories with loops, as text, with values for their inputs.

Names are known, plates are not followed: what the compiler refuses is counted by the tests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from tests.random_stories.memory import declaration
from tests.random_stories.strategies import FUNCTIONS, RandomStory

METHODS = (
    "ScoreFunction(n={n})",
    "ScoreFunction(n={n}, baseline=moving_average)",
    "ScoreFunction(n={n}, baseline={others})",
    "ScoreFunction(n={n}, baseline=0.3 * {leaf} + 0.1)",
)
UNARY = ("tanh({})", "sigmoid({})", "square(tanh({}))", "-({})", "stop_gradient({})")
BINARY = ("({} + {})", "({} - {})", "({} * {})")


@dataclass(slots=True)
class _Story:
    """The story so far; ``known`` are the names that an expression can use."""

    draw: st.DrawFn
    steps: int
    lines: list[str] = field(default_factory=list)
    inputs: dict[str, Any] = field(default_factory=dict)
    known: list[str] = field(default_factory=lambda: ["w", "u"])
    plates: list[str] = field(default_factory=list)
    functions: tuple[str, ...] = ()
    indent: str = ""

    def pick(self, *choices: Any) -> Any:
        return self.draw(st.sampled_from(choices))

    def write(self, line: str) -> None:
        self.lines.append(self.indent + line)

    def leaf(self) -> str:
        recent = self.known[-3:] * 2
        return self.pick(*self.known, *recent, "0.5", "-0.7")

    def expression(self, depth: int) -> str:
        """A random scalar that is never huge."""
        if depth == 0:
            return self.leaf()
        calls = ("call", "call", "call") if self.functions else ()
        match self.pick("unary", "binary", "binary", "choice", "over", "leaf", *calls):
            case "call":
                return self.call(depth - 1)
            case "unary":
                return self.pick(*UNARY).format(self.expression(depth - 1))
            case "choice":
                parts = [self.expression(depth - 1) for _ in range(3)]
                return "({} if {} > 0.4 else {})".format(*parts)
            case "over" if self.plates:
                plate, inner = self.pick(*self.plates), self.expression(depth - 1)
                form = self.pick(
                    "mean({0} * {1}, over={0})", "logmeanexp(tanh({0} * {1}), over={0})"
                )
                return form.format(plate, inner)
            case "leaf":
                return self.leaf()
        left, right = self.expression(depth - 1), self.expression(depth - 1)
        return self.pick(*BINARY).format(left, right)

    def call(self, depth: int) -> str:
        """A call of a function with a memory, two arguments for one that is called ``pair``."""
        function = self.pick(*self.functions)
        given = [f"1.0 * {self.expression(depth)}" for _ in range(2 if function == "pair" else 1)]
        return f"{function}({', '.join(given)})"


@st.composite
def loop_stories(draw: st.DrawFn, stateful: bool = False) -> RandomStory:
    """A random story with one loop, at times with one in it, or with a sample before or behind.

    One that is ``stateful`` calls functions with a memory.
    """
    story = _Story(draw, draw(st.sampled_from((1, 2, 2, 3))))
    if stateful:
        story.functions = story.pick(*FUNCTIONS)
        story.lines += [declaration(name) for name in story.functions]
    _declare(story)
    if story.pick(True, False, False):
        _sample(story, "s", story.pick("Expect()", *METHODS[:2]))
    _loop(story)
    if story.pick(True, False, False, False):
        _sample(story, "e", METHODS[1])
    if story.pick(True, True, False):
        story.write(f"cost last = {story.expression(2)}")
    story.write(f"cost end = {story.expression(1)} + h")
    return RandomStory("story Random\n" + _defined("\n".join(story.lines)) + "\n", story.inputs)


def _defined(text: str) -> str:
    """The story as far as LANGUAGE.md says what it means, and the interpreter can replay it.

    What a cut credits is not said where ``over=`` mixes, nor in a cost behind the loop that sees
    some steps of a sample behind the cut alone. The interpreter hands out values of z with the
    plates of what carries it.
    """
    text = text.replace("stop_gradient(", "(") if "over=" in text else text
    behind = re.compile(r"^cost (last|end) = .*", re.MULTILINE)
    text = behind.sub(lambda cost: cost[0].replace("stop_gradient(", "("), text)
    return re.sub(r"(for .*, z = )(?!0:|0.2:|w:).*:", r"\g<1>0.2:", text)


def _declare(story: _Story) -> None:
    if story.pick(True, False):
        size = story.pick(1, 2)
        story.write(f"plate data{story.pick('', ' sum')}")
        story.write(f"input x[data, {story.steps}]")
        story.inputs["x"] = [[story.pick(-0.6, 0.3, 0.8) for _ in range(story.steps)]] * size
        story.known.append("x[0]")
    story.write("param w = 0.4")
    story.write("param u = -0.3")


def _sample(story: _Story, name: str, method: str) -> None:
    """A Bernoulli, of its own plate or drawn along with another one."""
    law = f"Bernoulli(logits={story.expression(story.pick(1, 2))})"
    count = story.pick(1, 1, 2)
    others = "batch_average" if count > 1 else "moving_average"
    text = method.format(n=count, others=others, leaf=story.leaf())
    joined = [p for p in story.plates if p != name]
    place = ""
    if joined and "Expect" not in text and story.pick(True, False, False):
        place = f" in {story.pick(*joined)}"
        text = text.replace(f"n={count}, ", "").replace(f"n={count}", "")
    story.write(f"sample {name} ~ {law} with {text}{place}")
    if not place:
        story.plates.append(name)
    if name not in story.known:
        story.known.append(name)


def _loop(story: _Story) -> None:
    carried = ["h", *(["z"] if story.pick(True, False) else [])]
    calls = [story.call(1)] if story.functions else []
    starts = ", ".join(
        f"{name} = {story.pick('0', '0.2', 'w', story.leaf(), *calls)}" for name in carried
    )
    story.write(f"for t in range({story.steps}) from {starts}:")
    outside = list(story.known)
    story.indent = "    "
    story.known += carried + ["t"] + (["x[t]"] if story.inputs else [])
    stops = story.pick(True, False, False)
    state = "inner" if story.pick(True, False, False, False) else "state"
    more = story.pick([], ["cost"], ["value"])
    kinds = story.draw(st.permutations(["sample", state, "cost", *more]))
    for i, kind in enumerate(kinds):
        match kind:
            case "sample":
                _sample(story, "z", story.pick(*METHODS))
            case "state":
                story.write(f"compute h = {_next(story)}")
            case "inner":
                _inner(story)
            case "value":
                story.write(f"compute v = {story.expression(2)}")
                story.known += ["v"] * 3
            case "cost":
                story.write(f"cost c{i} = {story.expression(2)}")
    if stops:
        story.write(f"stop when {story.pick('z == 1', 'h > 0.3', 'z == 1 and h > 0')}")
    story.indent = ""
    story.plates = [p for p in story.plates if p != "z" or "z" in carried]
    sequences = ["sum(sequence(z))", "mean(sequence(h))"] + ["sum(sequence(alive))"] * stops
    story.known = outside + carried + sequences


def _next(story: _Story) -> str:
    return (
        f"0.5 * tanh({story.expression(2)}) + {story.pick('h', 'z' if 'z' in story.known else 'h')}"
    )


def _inner(story: _Story) -> None:
    """An inner loop over two steps that carries a state of its own."""
    story.write("for r in range(2) from g = h:")
    story.indent = "        "
    story.known += ["g", "r"]
    story.write(f"compute g = 0.5 * tanh({story.expression(1)}) + g")
    if story.pick(True, False):
        story.write(f"cost within = {story.expression(1)}")
    if story.pick(True, False, False):
        story.write("stop when g > 0.4")
    story.indent = "    "
    story.known.remove("r")
    story.write("compute h = g + sum(sequence(g)) * 0.1")
