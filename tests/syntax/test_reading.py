"""From bytes to text."""

import pytest

from storchc.diagnostics.diagnostic import Problems
from storchc.syntax.reading import read_story

PLAIN = b"story Test\ncost a\n"


@pytest.mark.parametrize(
    "data",
    [
        PLAIN,
        b"\xef\xbb\xbf" + PLAIN,
        PLAIN.replace(b"\n", b"\r\n"),
        PLAIN.strip(),
        b"\n\n" + PLAIN + b"   \n\t\n  # end",
    ],
)
def test_the_same_story(data: bytes) -> None:
    problems = Problems()
    source, story = read_story("a.story", data, problems)
    assert problems.found == []
    assert story == read_story("b.story", PLAIN, problems)[1]
    assert "\r" not in source.text


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"story A\n# \xfc\n", "S100 2:3"),
        (b"\xff\xfes\0", "S100 1:1"),
        (b"\xef\xbb\xbfstory A\r\n\xff", "S100 2:1"),
        ("größe \udc80".encode(errors="surrogatepass"), "S100 1:7"),
        (b"story A\0\0", "S101 1:8"),
        ("story A\n# \u2028".encode(), "S101 2:3"),
        (b"", "S102 1:1"),
    ],
)
@pytest.mark.parametrize("name", ["a.story", "a.yaml", "-"])
def test_what_is_no_text(name: str, data: bytes, expected: str) -> None:
    problems = Problems()
    source, story = read_story(name, data, problems)
    assert story is None
    (problem,) = problems.found
    place = source.position(problem.span.start)
    assert f"{problem.code} {place.line}:{place.column}" == expected


def test_the_suffix_chooses_the_form() -> None:
    data = b"story: Test\nsteps: [cost: a]\n"
    for name in ("a.yaml", "b.YML"):
        assert read_story(name, data, Problems())[1] == read_story("c", PLAIN, Problems())[1]
    assert read_story("a.story", data, Problems())[1] is None
