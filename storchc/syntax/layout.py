"""The lines of a story: where statements start and end, found before anything is parsed.

Brackets and strings that do not end are found here, so that each is reported where it starts and
takes no other statement with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from storchc.diagnostics import syntax as words
from storchc.diagnostics.diagnostic import Problem, Problems
from storchc.records import dataclass
from storchc.source import Span

DECLARATIONS = ("dim", "plate", "input", "param", "module", "function", "distribution", "use")
STEPS = ("compute", "sample", "cost", "observe", "report", "for", "stop")
KEYWORDS = ("story", *DECLARATIONS, *STEPS)

CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ufeff\ufffe\uffff\u2028\u2029\x85\ud800-\udfff]")
"""Characters that no editor shows; no story has them (halves of one, only YAML can spell)."""

_CLOSERS = {")": "(", "]": "["}
_INDENT = re.compile(r"[ \t]*")
_WORD = re.compile(r"\w*")
# Of more than three quotes at the end the first ones belong to the text.
# Nothing that was passed is looked at again (`++`, `*+`), so none of it need be remembered.
_DOCSTRING = r'"""(?:[^"]++|"(?!""))*+(?:"{3,5}|\Z)'
_MARK = re.compile(
    _DOCSTRING + r"""|"(?:[^"\\\n]++|\\.)*+"?|'(?:[^'\\\n]++|\\.)*+'?"""
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
        end, problem = _scan(text, start)
        if problem is not None:
            problems.add(problem)
        yield Line(start - position, Span(start, end), _keyword(text, start), problem is not None)
        position = end + 1


def docstring_end(text: str, start: int) -> int:
    """Where the docstring that starts at ``start`` ends, its closing quotes included."""
    found = re.compile(_DOCSTRING).match(text, start)
    assert found is not None
    return found.end()


def check_brackets(text: str, part: Span, problems: Problems) -> bool:
    """Whether the brackets and strings of a part of a statement are in order."""
    _, problem = _scan(text, part.start, part.end)
    if problem is not None:
        problems.add(problem)
    return problem is None


def _keyword(text: str, start: int) -> str:
    if text.startswith('"""', start):
        return '"""'
    word = _WORD.match(text, start)
    assert word is not None
    return word.group()


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _scan(text: str, start: int, end: int | None = None) -> tuple[int, Problem | None]:
    """Where the statement at ``start`` ends, and what is wrong with its brackets or strings.

    A statement whose ``end`` is known may have line ends anywhere.
    """
    opened: list[int] = []
    problem: Problem | None = None  # the first; what follows may well be its consequence
    for match in _MARK.finditer(text, start, len(text) if end is None else end):
        mark, place = match.group(), match.start()
        if mark == "\n":
            if end is None and (not opened or _STATEMENT.match(text, place + 1)):
                return place, problem or _unclosed(text, opened)
        elif mark in "([":
            opened.append(place)
            if len(opened) > words.DEPTH:
                problem = problem or words.nested_too_deeply(Span(place, place + 1), "brackets")
        elif mark in ")]":
            problem = problem or _unmatched(text, opened, place)
            del opened[-1:]
        elif mark[0] in "\"'":
            problem = problem or _unterminated(mark, place)
    return len(text), problem or _unclosed(text, opened)


def _unclosed(text: str, opened: list[int]) -> Problem | None:
    if not opened:
        return None
    return words.unclosed_bracket(Span(opened[-1], opened[-1] + 1), text[opened[-1]])


def _unmatched(text: str, opened: list[int], place: int) -> Problem | None:
    span = Span(place, place + 1)
    if not opened:
        return words.unmatched_bracket(span, text[place])
    opener = opened[-1]
    if _CLOSERS[text[place]] == text[opener]:
        return None
    return words.wrong_bracket(span, text[place], Span(opener, opener + 1), text[opener])


def _unterminated(mark: str, place: int) -> Problem | None:
    quote = '"""' if mark.startswith('"""') else mark[0]
    if len(mark) >= 2 * len(quote) and mark.endswith(quote) and not _ends_escaped(mark, quote):
        return None
    return words.unterminated_string(Span(place, place + len(quote)), quote)


def _ends_escaped(mark: str, quote: str) -> bool:
    body = mark[1:-1]
    return quote != '"""' and (len(body) - len(body.rstrip("\\"))) % 2 == 1
