"""Random stories that are mostly calls of one function with a memory, between samples that differ.

What a call says depends on all samples above it: calls stand before and behind draws that carry
weights, within `over=` and without, in no order that a story has for a reason.
"""

from __future__ import annotations

from hypothesis import strategies as st

from tests.random_stories.memory import declaration
from tests.random_stories.samples import sample, weighted
from tests.random_stories.strategies import RandomStory, declare
from tests.random_stories.writing import Writer, Written, leaf, remembered

NAMES = ("a", "b", "c")


@st.composite
def remembering_stories(draw: st.DrawFn) -> RandomStory:
    """A random story of four to eight steps, and a cost of them all."""
    writer = Writer(draw)
    writer.functions = (writer.pick("walk", "recall", "count", "pair"),)
    writer.lines.append(declaration(writer.functions[0]))
    declare(writer)
    names = list(NAMES)
    sample(writer, names.pop(0))
    for i in range(writer.pick(3, 4, 5, 6)):
        match writer.pick("sample", "weighted", "weighted", "compute", "compute", "cost"):
            case "sample" if names:
                sample(writer, names.pop(0))
            case "weighted" if names:
                weighted(writer, names.pop(0))
            case "cost":
                value = _said(writer)
                writer.define(f"cost cost{i} = {value.text}", Written(f"cost{i}", value.plates))
            case _:
                value = _said(writer)
                writer.define(f"compute m{i} = {value.text}", Written(f"m{i}", value.plates))
    told = " + ".join(_plain(line) for line in writer.lines if line.startswith("compute m"))
    writer.lines.append(f"cost end = {told or _said(writer).text}")
    return RandomStory("story Random\n" + "\n".join(writer.lines) + "\n", writer.inputs)


def _said(writer: Writer) -> Written:
    """What the function says, at times with another value."""
    value = remembered(writer)
    if writer.pick(True, False, False):
        other = leaf(writer, ())
        return Written(f"{value.text} * {other.text}", value.plates | other.plates)
    return value


def _plain(line: str) -> str:
    return line.split()[1]
