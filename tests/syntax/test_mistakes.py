"""Where errors are reported, and how many of them."""

import pytest

from storchc.diagnostics.diagnostic import Problem, Problems
from storchc.source import Source
from storchc.syntax.parser import parse


def problems(text: str) -> tuple[Source, list[Problem]]:
    source, found = Source("test.story", text), Problems()
    assert (parse(source, found) is None) == found.fatal
    return source, found.found


def errors(text: str) -> list[str]:
    """``code line:column text`` of each error, in the order in which they are found."""
    source, found = problems(text)
    lines = []
    for problem in found:
        place = source.position(problem.span.start)
        cut = source.cut(problem.span)
        lines.append(f"{problem.code} {place.line}:{place.column} {cut}".rstrip())
    return lines


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("compute x ~ q", "S116 2:11 ~"),
        ("cost x ~ q", "S116 2:8 ~"),
        ("sample x = q", "S116 2:10 ="),
        ("sample z ~   # why", "S113 2:11"),
        ("sample z ~ q wiht M()", "S113 2:14 wiht"),
        ("sample z ~ q with M", "S126 2:19 M"),
        ("sample z ~ q with M using S()", "S126 2:19 M"),
        ("sample z ~ q in p with M()", "S114 2:19 with"),
        ("x = 3", "S110 2:1 x"),
        ("smaple z ~ q", "S110 2:1 smaple"),
        ("compute if = 3", "S111 2:9 if"),
        ("compute y = f(in=3)", "S111 2:15 in"),
        ("sample alive ~ q", "S111 2:8 alive"),
        ("compute _y = 3", "S112 2:9 _y"),
        ("compute größe = 3", "S112 2:9 größe"),
        ("compute x = größe", "S112 2:13 größe"),
        ("compute x", "S113 2:10"),
        ("compute = 3", "S113 2:9 ="),
        ("compute x = a < b < c", "S115 2:19 <"),
        ("compute x = a == b == c", "S115 2:20 =="),
        ("compute x = 2x", "S113 2:14 x"),
        ("compute x = (a, b)", "S113 2:15 ,"),
        ("compute x = f(a b)", "S113 2:17 b"),
        ("compute x = f(a, b", "S106 2:14 ("),
        ("compute x = [f(a, b]", "S107 2:20 ]"),
        ("compute x = f(a))", "S107 2:17 )"),
        ("compute x = 'a", "S108 2:13 '"),
        (r"compute x = 'a\'", "S108 2:13 '"),
        (r"compute x = 'a\d'", r"S128 2:15 \d"),
        ("compute x = a; cost x", "S109 2:14 ;"),
        ("compute x = 1 cost x", "S114 2:15 cost"),
        ("compute x = a if b", "S113 2:19"),
        ("compute x = 1e400", "S127 2:13 1e400"),
        ("compute x = 9223372036854775808", "S127 2:13 9223372036854775808"),
        ("compute x = f(a=1, 2)", "S124 2:20 2"),
        ("compute x = f(a=1, a=2)", "S124 2:20 a"),
        ("compute x = f(a)(b)", "S125 2:13 f(a)"),
        ("compute x = a ifb elsec", "S113 2:15 ifb"),
        ("dimK = 2", "S110 2:1 dimK"),
        ("input x(3)", "S113 2:8 ("),
        ("input x[3]: double", "S122 2:13 double"),
        ("plate x mean", "S123 2:9 mean"),
        ("function f pure: [] -> []", "S123 2:12 pure"),
        ("module e [3] -> [4]", "S113 2:10 ["),
        ("for t in T:", "S113 2:10 T"),
        ("for t in range(3)", "S113 2:18"),
        ("for t in range(3):", "S120 2:1 for t in range(3):"),
        ("stop when x", "S121 2:1 stop"),
        ("  cost x", "S104 2:3 cost"),
        ("\tcost x", "S103 2:1"),
    ],
)
def test_one_line(line: str, expected: str) -> None:
    assert errors(f"story Test\n{line}\n")[0] == expected


def test_every_broken_line_is_reported() -> None:
    text = "story Test\ncompute = 1\ncompute a = 1\nsample z = a\ncost a b\n"
    assert errors(text) == ["S113 2:9 =", "S116 4:10 =", "S114 5:8 b"]


def test_an_open_bracket_takes_no_other_line_with_it() -> None:
    text = "story Test\ncompute a = f(1,\n  [2, 3\ncost a\nsample z = a\n"
    assert errors(text) == ["S106 3:3 [", "S116 5:10 ="]


def test_brackets_go_on_over_lines_that_only_look_like_statements() -> None:
    text = "story Test\ncompute a = f(b,\ndim=1,\nc=cost\n)\n"
    assert errors(text) == []


def test_a_broken_loop_still_has_a_body() -> None:
    text = "story Test\nfor t in T:\n    compute = 1\n    stop when a\ncost a\n"
    assert errors(text) == ["S113 2:10 T", "S113 3:13 ="]


def test_indentation() -> None:
    text = (
        "story Test\nfor t in range(3):\n    cost a\n      cost b\n      cost c\n  cost d\ncost e\n"
    )
    assert errors(text) == ["S104 4:7 cost", "S104 6:3 cost"]


def test_order() -> None:
    text = "story Test\ncost a\ninput a\nfor t in range(2):\n  dim K\n  stop when a\n  cost b\n"
    assert errors(text) == ["S119 3:1 input", "S119 5:3 dim", "S121 6:3 stop"]


def test_title_and_docstring() -> None:
    assert errors("cost a\n") == ["S117 1:1 cost"]
    assert errors("cost a\nstory Test\n") == ["S117 1:1 cost"]
    assert errors("story Test\nstory Test\n") == ["S117 2:1 story"]
    assert errors('"""a"""\nstory Test\n')[0] == 'S118 1:1 """'
    assert errors('story Test\n"""a""" cost a\n') == ["S114 2:9 cost a"]
    assert errors('story Test\n"""a\ncost a\n') == ['S108 2:1 """']
    assert errors("stroy Test\ncost a") == ["S110 1:1 stroy"]


def test_empty() -> None:
    assert errors("") == ["S102 1:1"]
    assert errors("\n  # nothing\n\n") == ["S102 1:1"]


@pytest.mark.parametrize(
    "value",
    [
        "(" * 5000,
        "(" * 5000 + "1" + ")" * 5000,
        "-" * 5000 + "1",
        "not " * 5000 + "a",
        "1 ** " * 5000 + "1",
        "1 + " * 5000 + "1",
        "a" + ".b" * 5000,
        "f(" * 5000 + ")" * 5000,
        "a if b else " * 5000 + "c",
    ],
)
def test_deep_nesting(value: str) -> None:
    assert [line[:4] for line in errors(f"story Test\ncompute x = {value}\n")] == ["S105"]


def test_deep_loops() -> None:
    text = "".join(f"{' ' * depth}for t in range(2):\n" for depth in range(1000))
    assert [line[:4] for line in errors(f"story Test\n{text}{' ' * 1000}cost x\n")] == ["S105"]


@pytest.mark.parametrize("depth", [1, 99])
def test_nesting_that_is_fine(depth: int) -> None:
    value = "(" * depth + "1" + ")" * depth
    assert errors(f"story Test\ncompute x = {value} + {'-' * (depth - 1)}1\n") == []


@pytest.mark.parametrize(
    "text",
    ["compute x = " + "a " * 50_000, "x" * 100_000, '"""' * 30_000, "'" * 100_001, "x\n" * 2000],
)
def test_long_texts_finish(text: str) -> None:
    assert errors(f"story Test\n{text}")
