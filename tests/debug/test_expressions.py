"""Expressions that are written back and read again are the same expressions."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass

from hypothesis import assume, given
from hypothesis import strategies as st

from storchc.debug.expressions import write
from storchc.driver import check_story
from storchc.ir.nodes import Compute
from storchc.ir.size import Size
from storchc.source import Span

HEAD = """story Written
dim D
input x[D]
input n: int
param w[3] = 0.1
param a = 0.1
param b = 0.2
module net: [], ([], []) -> []
compute q = Normal(a, 1)
sample z ~ q
compute r = {}
"""
OPERATORS = ("+", "-", "*", "/", "//", "%", "**")
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
LEAVES = (
    "a",
    "b",
    "z",
    "2",
    "0.5",
    "n",
    "w[0]",
    "w[-1]",
    "D",
    "(D - 1)",
    "sum(w, dim=0)",
    "q.mean",
)


@st.composite
def numbers(draw: st.DrawFn, depth: int = 3) -> str:
    """The text of a number, each part in parentheses."""
    if depth == 0:
        return draw(st.sampled_from(LEAVES))
    a, b = (draw(numbers(draw(st.integers(0, depth - 1)))) for _ in range(2))
    forms = (
        a,
        f"({a} {draw(st.sampled_from(OPERATORS))} {b})",
        f"(-{a})",
        f"({a} if {draw(truths(depth - 1))} else {b})",
        f"mean({a} + z, over=z)",
        f"net({a}, [{b}, a])",
        f"clamp({a}, max=1)",
        f"stack([{a}, 1], dim=-1)[1]",
    )
    return draw(st.sampled_from(forms))


@st.composite
def truths(draw: st.DrawFn, depth: int) -> str:
    """The text of a condition."""
    if depth > 0 and draw(st.booleans()):
        a, b = (draw(truths(depth - 1)) for _ in range(2))
        return draw(st.sampled_from((f"(not {a})", f"({a} and {b})", f"({a} or {b})")))
    a, b = (draw(numbers(depth)) for _ in range(2))
    return f"({a} {draw(st.sampled_from(COMPARISONS))} {b})"


def read(text: str) -> Compute | None:
    """The last statement of a story that computes what is written."""
    graph = check_story("written.story", HEAD.format(text).encode(), until="flow").graph
    if graph is None:
        return None
    node = graph.nodes[-1]
    assert isinstance(node, Compute)
    return node


def bare(value: object) -> object:
    """A typed expression without the places where it stood."""
    match value:
        case Span():
            return None
        case Size():
            return value.canonical()
        case tuple():
            return [bare(part) for part in value]
        case Mapping():
            return {key: bare(part) for key, part in value.items()}
        case _ if is_dataclass(value):
            parts = (bare(getattr(value, field.name)) for field in fields(value))
            return [type(value).__name__, *parts]
        case _:
            return repr(value)


@given(numbers())
def test_round_trip(text: str) -> None:
    first = read(text)
    assume(first is not None)
    assert first is not None
    written = write(first.value)
    assume("nan" not in written)  # which no story can say
    again = read(written)
    assert again is not None, written
    assert bare(again.value) == bare(first.value), written


def test_no_parentheses_that_are_not_needed() -> None:
    for text in ("a - b - 1.5", "a * (b + z) ** 2", "-a ** 2", "(-a) ** 2", "2 ** a ** b"):
        assert (node := read(text)) is not None
        assert write(node.value) == text
