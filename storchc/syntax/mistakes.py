"""From the place where the parser got stuck to words about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Set
from typing import Any, TypeGuard

from storchc.diagnostics import syntax as words
from storchc.diagnostics.diagnostic import Problem
from storchc.diagnostics.nearest import nearest
from storchc.diagnostics.terminals import END, OPERATORS, RESERVED, STATEMENTS, advice, phrases
from storchc.records import dataclass
from storchc.source import Span
from storchc.syntax import tree
from storchc.syntax.flags import FLAGS
from storchc.syntax.lalr import OTHER, Token, Unexpected
from storchc.syntax.layout import KEYWORDS

_LONGEST = 30
_WORD = re.compile(r"[^\W\d]\w*")
_UPDATE = re.compile(r"[-+*/]=")
_PART = re.compile(r"\[[^\]]*\]\s*=(?!=)")
_BREAK = re.compile(r"([^\n:#]{1,60}):\s*break\b")
_PARTS = ("_EACH", "_WITH", "_USING", "_IN")
_JOINTS = {
    "each": "_EACH",
    "with": "_WITH",
    "using": "_USING",
    "in": "_IN",
    "if": "_IF",
    "else": "_ELSE",
    "and": "AND",
    "or": "OR",
    "from": "_FROM",
    "range": "_RANGE",
    "when": "_WHEN",
}


@dataclass(frozen=True, slots=True)
class Stuck:
    """What the parser found, what it could have gone on with, and where."""

    text: str
    line: Span
    start: str
    found: str
    span: Span
    accepted: Set[str]
    stack: tuple[Any, ...]

    @property
    def word(self) -> str:
        """What was found, as written."""
        return self.text[self.span.start : self.span.end]

    @property
    def keyword(self) -> str:
        """The first word of the statement."""
        match = _WORD.match(self.text, self.line.start)
        return match.group() if self.start == "statement" and match else self.start

    @property
    def is_first(self) -> bool:
        """Whether this is the first word of a line."""
        return bool(self.accepted & STATEMENTS)

    @property
    def after_value(self) -> bool:
        """Whether a whole expression precedes."""
        return "PLUS" in self.accepted and "NUMBER" not in self.accepted


def explain(unexpected: Unexpected, text: str, line: Span, start: str) -> Problem:
    """The problem that stopped the parser in ``line``, a part of ``text``."""
    found, read = unexpected.found, tuple(unexpected.read)
    stuck = Stuck(text, line, start, found.kind, found.span, unexpected.accepted, read)
    for rule in _RULES:
        problem = rule(stuck)
        if problem is not None:
            return problem
    help = advice(stuck.accepted, stuck.keyword)
    return words.expected(stuck.span, _shown(stuck), phrases(stuck.accepted), help)


def _shown(stuck: Stuck) -> str:
    if stuck.found == END:
        return "the end of the line"
    if stuck.found == "STRING":
        return "a string"
    word = stuck.word
    return f"`{word}`" if len(word) <= _LONGEST else f"`{word[:_LONGEST]}…`"


# --- rules, in the order in which they are tried -------------------------------------------------


_DRAWN = re.compile(r"=\s*(.*?)\.r?sample(?:_n)?\(")
_OPTION = re.compile(r",?\s*([^\W\d]\w*\s*=\s*[^=\s][^\s,]*)")
_HYPHEN = re.compile(r"\w+(?:-\w+)+")


def _character(stuck: Stuck) -> Problem | None:
    if stuck.found != OTHER:
        return None
    return words.unexpected_character(stuck.span, stuck.word)


def _first_word(stuck: Stuck) -> Problem | None:
    if not stuck.is_first:
        return None
    rest = stuck.text[stuck.span.end : stuck.line.end].lstrip()
    meant = nearest(stuck.word, KEYWORDS) if rest[:1] not in ("~", "=") else None
    stops = _BREAK.match(stuck.text, stuck.span.end) if stuck.word == "if" else None
    if stops is not None:
        help = words.stop_when(stops[1].strip())
        return words.unknown_statement(stuck.span, stuck.word, help)
    if stuck.word in words.FOREIGN and rest[:1] not in ("~", "="):
        return words.unknown_statement(stuck.span, stuck.word, words.FOREIGN[stuck.word])
    if meant is not None:
        return words.unknown_statement(stuck.span, stuck.word, f"did you mean `{meant}`?")
    if stuck.found == "NAME" and _UPDATE.match(rest):
        help = f"write `compute {stuck.word} = {stuck.word} {rest[0]} …`"
        return words.unknown_statement(stuck.span, stuck.word, help)
    if stuck.found == "NAME" and _PART.match(rest):
        return words.unknown_statement(stuck.span, stuck.word, words.whole_value(stuck.word))
    if stuck.found == "NAME" and rest[:1] == "~":
        return words.unknown_statement(stuck.span, stuck.word, f"write `sample {stuck.word} ~ …`")
    if stuck.found == "NAME" and (drawn := _DRAWN.match(rest)):
        help = f"write `sample {stuck.word} ~ {drawn[1]}`, which draws it by paths where it can"
        return words.unknown_statement(stuck.span, stuck.word, help)
    if stuck.found == "NAME" and rest[:1] == "=":
        return words.unknown_statement(stuck.span, stuck.word, f"write `compute {stuck.word} = …`")
    return words.unknown_statement(stuck.span, _shown(stuck).strip("`"), words.STATEMENTS_ARE)


def _keyword_again(stuck: Stuck) -> Problem | None:
    """``for: for t in range(T)``, or ``stop: when …``, in YAML."""
    first = _WORD.match(stuck.text, stuck.line.start)
    if stuck.start == "statement" or first is None or stuck.found == END:
        return None
    again = first.group() in KEYWORDS and not stuck.text[first.end() : stuck.span.start].strip()
    if stuck.word != "when" and (not again or stuck.found != "NAME"):
        return None
    help = words.KEY_SAYS_SO.format(first.group())
    return words.expected(stuck.span, _shown(stuck), phrases(stuck.accepted), help)


def _reserved(stuck: Stuck) -> Problem | None:
    if stuck.found not in RESERVED:
        return None
    follows = stuck.text[stuck.span.end : stuck.line.end].lstrip()
    names_argument = "NUMBER" in stuck.accepted and follows[:1] == "=" and follows[:2] != "=="
    if names_argument or ("NAME" in stuck.accepted and "NUMBER" not in stuck.accepted):
        return words.reserved_word(stuck.span, stuck.word)
    return None


def _method_without_parentheses(stuck: Stuck) -> Problem | None:
    before = stuck.stack[-1] if stuck.stack else None
    if stuck.accepted != {"LPAR"} or not _is(before, "NAME"):
        return None
    if (hyphen := _HYPHEN.match(stuck.text, before.span.start)) is not None:
        return words.hyphen_in_name(Span(*hyphen.span()), hyphen.group())
    return words.missing_parentheses(before.span, before.text)


def _sign(stuck: Stuck) -> Problem | None:
    if stuck.found == "_TILDE" and "_EQUAL" in stuck.accepted:
        return words.tilde_in_place_of_equal(stuck.span, stuck.keyword)
    if stuck.found == "_EQUAL" and stuck.keyword == "sample" and "_TILDE" in stuck.accepted:
        return words.equal_in_place_of_tilde(stuck.span)
    return None


def _defined(stuck: Stuck) -> Problem | None:
    """``compute h[t] = …`` and ``compute h += …``; ``observe x[t] ~ …``."""
    before = stuck.stack[-1] if stuck.stack else None
    if "_EQUAL" not in stuck.accepted:
        return None
    if isinstance(before, tree.Name):
        name = before.id
    elif _is(before, "NAME"):
        name = before.text
    else:
        return None
    rest = stuck.text[stuck.span.start : stuck.line.end]
    if stuck.keyword == "observe" and stuck.found in ("LSQB", "LPAR", *OPERATORS):
        found = phrases(stuck.accepted)
        return words.expected(stuck.span, _shown(stuck), found, words.OBSERVED_AS)
    if _UPDATE.match(rest):
        help = f"write `{stuck.keyword} {name} = {name} {rest[0]} …`"
        return words.expected(stuck.span, _shown(stuck), ("`=`",), help)
    if _PART.match(rest):
        return words.expected(stuck.span, _shown(stuck), ("`=`",), words.whole_value(name))
    return None


def _each(stuck: Stuck) -> Problem | None:
    """`each` and its plates: out of place, misspelt, in brackets, without commas."""
    inside = any(_is(part, "_EACH") for part in stuck.stack[-2:])
    if inside and stuck.found in ("NAME", "AND", "LSQB", "LPAR", "NUMBER", *_PARTS, END):
        help = words.EACH_AND_COMMAS
    elif "_EACH" in stuck.accepted and stuck.word in _FOR_EACH:
        help = "did you mean `each`?"
    elif stuck.word != "each" or "_EACH" in stuck.accepted:
        return None
    elif stuck.keyword == "sample" and END in stuck.accepted:
        help = words.PARTS_IN_ORDER
    elif stuck.keyword in _WITHOUT_EACH and END in stuck.accepted:
        help = words.EACH_OF_SAMPLES
    else:
        return None
    if END in stuck.accepted and stuck.found != END and not inside:
        return words.trailing_text(stuck.span, _shown(stuck), help)
    return words.expected(stuck.span, _shown(stuck), phrases(stuck.accepted), help)


_FOR_EACH = frozenset({"for", "per", "every", "foreach", "over", "along"})
_WITHOUT_EACH = frozenset({"compute", "cost", "observe", "report", "expression"})


def _flag(stuck: Stuck) -> Problem | None:
    """Flags of a declaration: behind the colon or the signature, with commas, before it all."""
    flag, kind = stuck.word, stuck.keyword.removesuffix("_entry")
    if stuck.is_first:
        kind = _first_after(stuck)
        if flag in FLAGS and kind in _FLAGGED:
            return words.unknown_statement(stuck.span, flag, words.flag_before(kind, flag))
        return None
    if stuck.start == "name" and flag in FLAGS:
        return words.trailing_text(stuck.span, _shown(stuck), words.flag_in_text(flag))
    if kind not in _FLAGGED:
        return None
    if stuck.found == "_COMMA" and {"COLON", "NAME"} <= stuck.accepted:
        help = words.FLAGS_APART
    elif kind != stuck.keyword and {"COLON", "NAME"} <= stuck.accepted and stuck.found != "NAME":
        help = words.FLAGS_AND_COLON
    elif stuck.found == "_EQUAL" and kind == "distribution" and END in stuck.accepted:
        help = words.NO_DEFAULT
    elif flag in FLAGS and ("COLON" not in stuck.accepted or END in stuck.accepted):
        in_yaml = stuck.start != "statement"
        help = words.flag_in_text(flag) if in_yaml else words.flag_before(kind, flag)
    else:
        return None
    if END in stuck.accepted:
        return words.trailing_text(stuck.span, _shown(stuck), help)
    return words.expected(stuck.span, _shown(stuck), phrases(stuck.accepted), help)


def _first_after(stuck: Stuck) -> str:
    """The word behind the first one."""
    match = _WORD.match(stuck.text[stuck.span.end : stuck.line.end].lstrip())
    return match.group() if match else ""


_FLAGGED = frozenset({"module", "function", "distribution"})


def _loop(stuck: Stuck) -> Problem | None:
    """The first line of a loop."""
    if stuck.keyword not in ("for", "loop"):
        return None
    found, help = phrases(stuck.accepted), ""
    if stuck.found == "LPAR" and "NAME" in stuck.accepted and "NUMBER" not in stuck.accepted:
        help = words.A_LOOP
    elif "_FROM" in stuck.accepted and stuck.found != END:
        help = words.CARRIES
    elif "_EQUAL" in stuck.accepted and stuck.found in ("COLON", "_COMMA", END):
        help = words.CARRIES_FROM
    elif stuck.after_value and "COLON" in stuck.accepted and stuck.found in ("_FROM", "_EQUAL"):
        help = words.CARRIES_MORE
    return words.expected(stuck.span, _shown(stuck), found, help) if help else None


def _comprehension(stuck: Stuck) -> Problem | None:
    """``sum(x[t] for t in range(T))``."""
    if stuck.word != "for" or not stuck.after_value:
        return None
    found = phrases(stuck.accepted)
    return words.expected(stuck.span, "`for`", found, words.NO_COMPREHENSION)


def _comparison(stuck: Stuck) -> Problem | None:
    if stuck.found == "COMPARE" and stuck.after_value and "COMPARE" not in stuck.accepted:
        return words.chained_comparison(stuck.span)
    if stuck.found == "COMPARE" and stuck.word == "==" and "_EQUAL" in stuck.accepted:
        return words.expected(stuck.span, "`==`", ("`=`",), "`=` defines, `==` compares")
    if stuck.found == "_EQUAL" and stuck.after_value:
        found = phrases(stuck.accepted)
        return words.expected(stuck.span, "`=`", found, "`=` defines, `==` compares")
    return None


def _option_outside(stuck: Stuck) -> Problem | None:
    """``with ScoreFunction() n=5``."""
    if stuck.found not in ("NAME", "_COMMA") or stuck.keyword != "sample":
        return None
    if stuck.accepted.isdisjoint({"_USING", "_IN"}) or "_WITH" in stuck.accepted:
        return None
    option = _OPTION.match(stuck.text, stuck.span.start)
    if option is None:
        return None
    help = words.inside_parentheses(option[1])
    return words.expected(stuck.span, _shown(stuck), phrases(stuck.accepted), help)


def _misspelt_joint(stuck: Stuck) -> Problem | None:
    options = [word for word, terminal in _JOINTS.items() if terminal in stuck.accepted]
    meant = nearest(stuck.word, options) if stuck.found == "NAME" else None
    if meant is None:
        return None
    return words.expected(stuck.span, _shown(stuck), (f"`{meant}`",), f"did you mean `{meant}`?")


def _product(stuck: Stuck) -> Problem | None:
    """``2x``."""
    start = stuck.span.start
    if stuck.found != "NAME" or not stuck.after_value or not stuck.text[start - 1].isdigit():
        return None
    return words.expected(stuck.span, _shown(stuck), ("an operator",), words.WRITE_PRODUCT)


def _tuple(stuck: Stuck) -> Problem | None:
    """``(a, b)``."""
    if stuck.found != "_COMMA" or stuck.accepted != {"RPAR"} or not _is(stuck.stack[-2], "LPAR"):
        return None
    if len(stuck.stack) > 2 and _is(stuck.stack[-3], "_RANGE"):
        return words.expected(stuck.span, "`,`", ("`)`",), words.ONE_BOUND)
    return words.expected(stuck.span, "`,`", ("`)`", "an operator"), words.WRITE_LIST)


def _round_shape(stuck: Stuck) -> Problem | None:
    """``input x(3)``."""
    if stuck.found != "LPAR" or "LSQB" not in stuck.accepted or stuck.accepted & {"PLUS", "NUMBER"}:
        return None
    return words.expected(stuck.span, "`(`", ("`[`",), words.WRITE_SHAPE)


def _trailing(stuck: Stuck) -> Problem | None:
    if END not in stuck.accepted or stuck.found == END:
        return None
    if stuck.word in KEYWORDS and stuck.start == "statement":
        return words.trailing_text(stuck.span, _shown(stuck), words.OWN_LINE)
    if stuck.found in _PARTS and stuck.keyword == "sample":
        return words.trailing_text(stuck.span, _shown(stuck), words.PARTS_IN_ORDER)
    if "COLON" in stuck.accepted:
        help = advice({"COLON"}, stuck.keyword)
        return words.trailing_text(stuck.span, _shown(stuck), help or words.END_HERE)
    help = words.ONE_WORD if stuck.keyword == "story" else words.END_HERE
    return words.trailing_text(stuck.span, _shown(stuck), help)


def _is(part: Any, terminal: str) -> TypeGuard[Token]:
    return isinstance(part, Token) and part.kind == terminal


_RULES: tuple[Callable[[Stuck], Problem | None], ...] = (
    _character,
    _flag,
    _first_word,
    _keyword_again,
    _each,
    _reserved,
    _method_without_parentheses,
    _sign,
    _defined,
    _comprehension,
    _option_outside,
    _misspelt_joint,
    _loop,
    _comparison,
    _product,
    _tuple,
    _round_shape,
    _trailing,
)
