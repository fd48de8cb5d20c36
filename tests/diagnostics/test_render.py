"""How diagnostics are drawn: carets in cells, labels, long lines, several files."""

import re

from storchc.diagnostics.cells import WIDEST
from storchc.diagnostics.diagnostic import Label, Problem
from storchc.diagnostics.render import COLORS, PLAIN, Palette, report
from storchc.overrides import Texts
from storchc.source import Source, Span


def span(text: str, part: str) -> Span:
    """Where ``part`` first stands in ``text``."""
    start = text.index(part)
    return Span(start, start + len(part))


def draw(text: str, part: str, *labels: tuple[str, str], palette: Palette = PLAIN) -> str:
    """The excerpt drawn for a problem at ``part`` with labels at other parts."""
    marked = tuple(Label(span(text, place), words) for place, words in labels)
    problem = Problem("S000", "the fact", span(text, part), "the mend", marked)
    texts = Texts((Source("a.story", text),), (0,))
    return report([([texts.locate(problem)], texts.by_name())], palette)


def excerpt(drawing: str) -> str:
    """Only the lines between the place and the help."""
    return "\n".join(line for line in drawing.split("\n")[3:-4])


def test_the_form_of_the_guide() -> None:
    text = (
        "story S\ninput x\nparam t = 1.0\n"
        "sample z ~ Normal(t, 1) with Reparameterization(n=2)\ncompute r = round(z)\n"
    )
    drawing = draw(
        text, "Reparameterization(n=2)", ("round(z)", "no gradient flows through `round`")
    )
    assert drawing == (
        "error[S000]: the fact\n"
        "  --> a.story:4:30\n"
        "   |\n"
        " 4 | sample z ~ Normal(t, 1) with Reparameterization(n=2)\n"
        "   |                              ^^^^^^^^^^^^^^^^^^^^^^^\n"
        " 5 | compute r = round(z)\n"
        "   |             -------- no gradient flows through `round`\n"
        "   = help: the mend\n"
        "\n"
        "1 error\n"
    )


def test_labels_on_one_line_hang_below_each_other() -> None:
    drawing = draw("f(aa, bb) + cc", "bb", ("f", "the call"), ("cc", "the rest"), ("aa", "left"))
    assert excerpt(drawing) == (
        " 1 | f(aa, bb) + cc\n   | - --  ^^    -- the rest\n   | | |\n   | | left\n   | the call"
    )


def test_labels_at_one_place() -> None:
    drawing = draw("x + y", "x", ("y", "one"), ("y", "two"))
    assert excerpt(drawing) == " 1 | x + y\n   | ^   - one\n   |     |\n   |     two"


def test_the_place_wins_over_a_label_around_it() -> None:
    drawing = draw("f(x)", "x", ("f(x)", "the call"))
    assert excerpt(drawing) == " 1 | f(x)\n   | --^- the call"


def test_wide_characters_take_two_cells_and_combining_ones_none() -> None:
    assert excerpt(draw("中é = x", "x")) == " 1 | 中é = x\n   |       ^"
    assert excerpt(draw("e\u0301 = x", "x")) == " 1 | e\u0301 = x\n   |     ^"
    assert ":1:6" in draw("中é = x", "x")


def test_tabs_and_control_characters_are_shown_safely() -> None:
    assert excerpt(draw("\tx", "x")) == " 1 |     x\n   |     ^"
    assert "\x1b" not in draw("\x1b[31mx", "x")


def test_end_of_file() -> None:
    problem = Problem("S000", "the fact", Span(4, 4), "the mend")
    texts = Texts((Source("a.story", "last"),), (0,))
    drawing = report([([texts.locate(problem)], texts.by_name())])
    assert excerpt(drawing) == " 1 | last\n   |     ^"


def test_a_place_of_several_lines() -> None:
    text = "x = (a +\n\n    b +\n    c +\n    d +\n    e)\n"
    assert excerpt(draw(text, text[4:-1])) == (
        " 1 | x = (a +\n"
        "   |     ^^^^\n"
        " 2 |\n"
        " 3 |     b +\n"
        "   |     ^^^\n"
        "...\n"
        " 6 |     e)\n"
        "   |     ^^"
    )


def test_long_lines_are_cut_around_the_place() -> None:
    text = "a" * 500 + " target " + "b" * 500
    source, carets = excerpt(draw(text, "target")).split("\n")
    assert len(source) <= WIDEST + 5
    assert source[carets.index("^") : carets.rindex("^") + 1] == "target"
    assert source.count("…") == 2


def test_a_label_outside_the_cut_hangs_at_its_edge() -> None:
    text = "first " + "a" * 500 + " target"
    assert "far away" in draw(text, "target", ("first", "far away"))


def test_a_label_in_another_text() -> None:
    story, method = Source("a.story", "story S\nround(z)\n"), Source("<method of z>", "Bad()")
    texts = Texts((story, method), (0, 20))
    problem = Problem("S000", "the fact", Span(20, 23), "the mend", (Label(Span(8, 16), "why"),))
    drawing = report([([texts.locate(problem)], texts.by_name())])
    assert drawing.split("\n")[1:9] == [
        "  --> <method of z>:1:1",
        "   |",
        " 1 | Bad()",
        "   | ^^^",
        "  ::: a.story:2:1",
        "   |",
        " 2 | round(z)",
        "   | -------- why",
    ]


def test_colours_change_nothing_else() -> None:
    colored = draw("x + y", "x", ("y", "one"), palette=COLORS)
    assert re.sub("\x1b\\[[0-9;]*m", "", colored) == draw("x + y", "x", ("y", "one"))


def test_counts() -> None:
    source = Source("a.story", "x")
    texts = Texts((source,), (0,))
    problems = [
        Problem("S000", "the fact", Span(0, 1), "the mend", severity=severity)
        for severity in ("error", "warning", "error")
    ]
    drawing = report([([texts.locate(p) for p in problems], texts.by_name())])
    assert drawing.endswith("\n\n2 errors, 1 warning\n")
    assert report([([], {})]) == ""
