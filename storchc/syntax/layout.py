"""The lines of a story: where statements start and end, found before anything is parsed.

Brackets and strings that do not end are found here, so that each is reported where it starts and
takes no other statement with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from storchc.diagnostics import syntax as words
from storchc.diagnostics.diagnostic import Problems
from storchc.source import Span

DECLARATIONS = ("dim", "plate", "input", "param", "module", "function", "use")
STEPS = ("compute", "sample", "cost", "observe", "report", "for", "stop")
KEYWORDS = ("story", *DECLARATIONS, *STEPS)

CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ufeff\ufffe\uffff\u2028\u2029\x85]")
"""Characters that no editor shows; no story has them."""

_CLOSERS = {")": "(", "]": "["}
_INDENT = re.compile(r"[ \t]*")
_WORD = re.compile(r"\w*")
_MARK = re.compile(
    r'"""(?:[^"]|"(?!""))*(?:"""|\Z)'
    r"""|"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?"""
    r"|#[^\n]*|[()\[\]\n]"
)
# Two words side by side occur in no expression, so a line that begins like this ends all brackets.
_STATEMENT = re.compile(
    rf"[ \t]*(?:{'|'.join(KEYWORDS)})[ \t]+"
    r"(?!(?:and|or|not|if|else|in|with|using|from)(?!\w))[^\W\d]"
)


@dataclass(frozen=True, slots=True)
class Line:
    """One statement, or the docstring. A broken one is known not to parse and reported already."""

    indent: int
    span: Span
    keyword: str
    broken: bool = False

    @property
    def is_doc(self) -> bool:
        """Whether this is a docstring and no statement."""
        return self.keyword == '"""'


def split(text: str, problems: Problems) -> Iterator[Line]:
    """The statements of ``text`` in order, without blank lines and comments."""
    position = 0
    while position < len(text):
        indent = _INDENT.match(text, position)
        assert indent is not None
        start = indent.end()
        if text.startswith(("\n", "#"), start) or start == len(text):
            position = _line_end(text, start) + 1
            continue
        if "\t" in indent.group():
            tab = position + indent.group().index("\t")
            problems.add(words.tab_in_indentation(Span(tab, tab + 1)))
        end, broken = _scan(text, start, problems)
        yield Line(start - position, Span(start, end), _keyword(text, start), broken)
        position = end + 1


def check_brackets(text: str, problems: Problems) -> bool:
    """Whether the brackets and strings of ``text``, a part of a statement, are in order."""
    _, broken = _scan(text, 0, problems, whole=True)
    return not broken


def _keyword(text: str, start: int) -> str:
    if text.startswith('"""', start):
        return '"""'
    word = _WORD.match(text, start)
    assert word is not None
    return word.group()


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _scan(text: str, start: int, problems: Problems, whole: bool = False) -> tuple[int, bool]:
    """Where the statement at ``start`` ends, and whether its brackets or strings are broken."""
    opened: list[int] = []
    broken = False
    for match in _MARK.finditer(text, start):
        mark, place = match.group(), match.start()
        match mark[0]:
            case "\n":
                if whole:
                    continue
                if not opened:
                    return place, broken
                if _STATEMENT.match(text, place + 1):
                    _report_unclosed(text, opened[-1], problems)
                    return place, True
            case "(" | "[":
                opened.append(place)
                if len(opened) == words.DEPTH + 1:
                    problems.add(words.nested_too_deeply(Span(place, place + 1), "brackets"))
                    broken = True
            case ")" | "]":
                broken |= not _close(text, opened, place, problems)
            case '"' | "'":
                broken |= not _is_closed(mark, place, problems)
    if opened:
        _report_unclosed(text, opened[-1], problems)
    return len(text), broken or bool(opened)


def _report_unclosed(text: str, place: int, problems: Problems) -> None:
    problems.add(words.unclosed_bracket(Span(place, place + 1), text[place]))


def _close(text: str, opened: list[int], place: int, problems: Problems) -> bool:
    span = Span(place, place + 1)
    if not opened:
        problems.add(words.unmatched_bracket(span, text[place]))
        return False
    opener = opened.pop()
    if _CLOSERS[text[place]] == text[opener]:
        return True
    problem = words.wrong_bracket(span, text[place], Span(opener, opener + 1), text[opener])
    problems.add(problem)
    return False


def _is_closed(mark: str, place: int, problems: Problems) -> bool:
    quote = '"""' if mark.startswith('"""') else mark[0]
    if len(mark) >= 2 * len(quote) and mark.endswith(quote) and not _ends_escaped(mark, quote):
        return True
    problems.add(words.unterminated_string(Span(place, place + len(quote)), quote))
    return False


def _ends_escaped(mark: str, quote: str) -> bool:
    body = mark[1:-1]
    return quote != '"""' and (len(body) - len(body.rstrip("\\"))) % 2 == 1
