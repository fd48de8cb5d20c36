"""Every state in which the parser can get stuck has words: one line for each in states.txt."""

import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import pytest
from lark import Lark, Token
from lark.parsers.lalr_interactive_parser import InteractiveParser

from storchc.diagnostics import terminals
from storchc.diagnostics.diagnostic import Problems
from storchc.source import Source, Span
from storchc.syntax import tables
from storchc.syntax.expressions import Mistake
from storchc.syntax.lalr import OTHER, Unexpected
from storchc.syntax.parser import parse
from storchc.syntax.tables import STARTS, parser

GOLDEN = Path(__file__).with_name("states.txt")
INTERNAL = re.compile(r"__|ANON|\$END|\b_?[A-Z]{3,}\b")
WRONG = ("", "wrong", "0", "=", "~", ")", "if")

CLOSERS = {"(": ")", "[": "]"}
LEXEMES = {
    "NAME": "x",
    "NUMBER": "1",
    "STRING": '"a"',
    "CONSTANT": "pi",
    "COMPARE": "<",
    "STAR": "*",
    "POWER": "**",
    "SLASH": "/",
    "FLOOR": "//",
    "PERCENT": "%",
    "AT": "@",
    "PLUS": "+",
    "MINUS": "-",
    "COLON": ":",
    "DOTS": "...",
    "LPAR": "(",
    "RPAR": ")",
    "LSQB": "[",
    "RSQB": "]",
    "_COMMA": ",",
    "_DOT": ".",
    "_EQUAL": "=",
    "_TILDE": "~",
    "_ARROW": "->",
}


@pytest.fixture(scope="module")
def grammar() -> Lark:
    return Lark(tables.grammar(), parser="lalr", start=list(STARTS))


def lexeme(terminal: str) -> str:
    return LEXEMES.get(terminal, terminal.strip("_").lower())


def reached(grammar: Lark) -> Iterator[tuple[str, set[str]]]:
    """The shortest text that leads to each state of the parser, and what may follow it."""
    waiting: deque[tuple[InteractiveParser, str]] = deque()
    waiting.append((grammar.parse_interactive(start="statement"), ""))
    seen = set()
    while waiting:
        parser, text = waiting.popleft()
        accepted = parser.accepts()
        state = (parser.parser_state.position, frozenset(accepted))
        if state in seen:
            continue
        seen.add(state)
        yield text, accepted
        for terminal in sorted(accepted - {"$END"}):
            following = parser.copy(deepcopy_values=False)
            following.feed_token(Token(terminal, lexeme(terminal)))
            waiting.append((following, f"{text} {lexeme(terminal)}".strip()))


def unclosed(text: str) -> list[str]:
    """The brackets that are open at the end of ``text``."""
    opened: list[str] = []
    for char in text:
        if char in CLOSERS:
            opened.append(char)
        elif char in CLOSERS.values() and opened:
            opened.pop()
    return opened


def complaint(line: str) -> str | None:
    """What is said about a story with this line."""
    problems = Problems()
    loop = "for t in range(2):\n  " if line.startswith("stop") else ""
    parse(Source("test.story", f"story Test\n{loop}{line}\n"), problems)
    if not problems.found:
        return None
    problem = problems.found[0]
    assert problem.help
    quoted = re.sub(r"`[^`]*`", "", problem.message)
    assert not INTERNAL.search(quoted), problem.message
    return f"{problem.code} {problem.message}"


def lines(grammar: Lark) -> Iterator[str]:
    for text, _ in reached(grammar):
        for wrong in WRONG:
            closing = "".join(CLOSERS[char] for char in reversed(unclosed(text + wrong)))
            said = complaint(f"{text} {wrong}{closing}".rstrip())
            if said is not None:
                yield f"{text} {wrong or '⏎'}{closing}  {said}"
                break


def test_states(grammar: Lark, request: pytest.FixtureRequest) -> None:
    found = "\n".join(lines(grammar)) + "\n"
    if request.config.getoption("--accept"):
        GOLDEN.write_text(found, encoding="utf-8")
    assert found == GOLDEN.read_text(encoding="utf-8")


def test_what_may_follow_is_what_lark_says(grammar: Lark) -> None:
    compared = 0
    for text, accepted in reached(grammar):
        try:
            parser().parse(f"{text} ?", Span(0, len(text) + 2), "statement")
        except Unexpected as stuck:
            expected = {terminals.END if name == "$END" else name for name in accepted}
            assert stuck.accepted == expected, text
            assert (stuck.found.kind, stuck.found.text) == (OTHER, "?"), text
            compared += 1
        except Mistake:  # a word that the grammar lets through
            continue
    assert compared > 120


def test_most_states_are_reached(grammar: Lark) -> None:
    assert len(list(reached(grammar))) > 120


def test_every_terminal_has_words(grammar: Lark) -> None:
    known = terminals.OPERAND | terminals.OPERATORS | terminals.STATEMENTS
    unnamed = [
        terminal.name
        for terminal in grammar.terminals
        if terminal.name not in known | set(terminals.SIGNS) and "IGNORE" not in terminal.name
    ]
    assert unnamed == []
