"""Whatever stands in a file: a tree, or problems with words and places; never an exception."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from storchc.diagnostics.diagnostic import Problems
from storchc.source import Source
from storchc.syntax.reading import read_story
from tests.syntax.stories import STORY, YAML

PIECES = re.findall(r"\w+|\s+|[^\w\s]", STORY + YAML)
INTERNAL = re.compile(r"__|ANON|\$END|\b_?[A-Z]{3,}\b")


@st.composite
def mutated(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from([STORY, YAML]))
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(text)))
        end = start + draw(st.integers(0, 12))
        piece = draw(st.sampled_from(PIECES) | st.text(max_size=3))
        text = text[:start] + piece + text[end:]
    return text


def check(name: str, text: str) -> None:
    problems = Problems()
    source, story = read_story(name, text.encode(errors="surrogatepass"), problems)
    assert (story is None) == problems.fatal
    for problem in problems.found:
        assert problem.help
        assert problem.message[0].islower() or problem.message[0] == "`"
        quoted = re.sub(r"`.*`|U\+[0-9A-F]+|UTF-8|YAML", "", problem.message)
        assert not INTERNAL.search(quoted), problem.message
        for span in (problem.span, *(label.span for label in problem.labels)):
            inside(source, span.start, span.end)


def inside(source: Source, start: int, end: int) -> None:
    assert 0 <= start <= end <= len(source.text)
    assert source.position(end).line >= source.position(start).line


@settings(max_examples=100, deadline=None)
@given(mutated(), st.sampled_from(["a.story", "a.yaml"]))
def test_mutated_stories(text: str, name: str) -> None:
    check(name, text)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200), st.sampled_from(["a.story", "a.yaml"]))
def test_any_text(text: str, name: str) -> None:
    check(name, text)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=60))
def test_any_order_of_words(pieces: list[str]) -> None:
    check("a.story", "story Test\ncompute x = " + "".join(pieces))
