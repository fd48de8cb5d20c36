"""The terminals of the grammar in words that somebody who writes stories knows."""

from __future__ import annotations

from collections.abc import Set

OPERAND = frozenset(
    {"NUMBER", "CONSTANT", "STRING", "NAME", "LPAR", "LSQB", "PLUS", "MINUS", "NOT"}
)
OPERATORS = frozenset(
    {"OR", "AND", "COMPARE", "PLUS", "MINUS", "STAR", "SLASH", "FLOOR", "PERCENT", "AT", "POWER"}
)
STATEMENTS = frozenset(
    {"STORY", "DIM", "PLATE", "INPUT", "PARAM", "MODULE", "FUNCTION", "DISTRIBUTION", "USE"}
    | {"COMPUTE", "SAMPLE", "COST", "OBSERVE", "REPORT", "FOR", "STOP"}
)
RESERVED = frozenset(
    {"_WITH", "_USING", "_IN", "_FROM", "_WHEN", "_IF", "_ELSE", "AND", "OR", "NOT", "CONSTANT"}
)
"""Terminals of words that are never names."""

END = "END"
"""The terminal of the end of what is parsed."""

# In the order in which they are mentioned: what closes or continues a statement comes first.
SIGNS = {
    "RPAR": "`)`",
    "RSQB": "`]`",
    "_ELSE": "`else`",
    "_TILDE": "`~`",
    "_EQUAL": "`=`",
    "_ARROW": "`->`",
    "COLON": "`:`",
    "_WHEN": "`when`",
    "_RANGE": "`range`",
    "_COMMA": "`,`",
    "DOTS": "`...`",
    "_FROM": "`from`",
    "_EACH": "`each`",
    "_WITH": "`with`",
    "_USING": "`using`",
    "_IN": "`in`",
    "_IF": "`if`",
    "_DOT": "`.`",
    "LPAR": "`(`",
    "LSQB": "`[`",
}

_ADVICE = {
    "_ELSE": "a choice between two values is written `a if condition else b`",
    "_TILDE": "the distribution follows `~`: `z ~ Normal(0, 1)`",
    "_ARROW": "a signature is written `[3] -> [4]`: shapes of the arguments, `->`, of the results",
    "_WHEN": "a loop is ended early by `stop when condition`",
    "_IN": "a loop is written `for t in range(T):`",
    "_RANGE": "a loop is written `for t in range(T):`, and in a step `x[t]` is an element of `x`",
    "RPAR": "separate arguments by commas, and close what `(` opens",
    "RSQB": "separate items by commas, and close what `[` opens",
    "_EQUAL": "the value follows `=`",
    "LSQB": "shapes are written in brackets: `[K, 3]`",
}

_AFTER_COLON = {
    "for": "end the first line of a loop with `:`",
    "input": "the type of the values follows a `:`, as in `x[3]: int`",
    "distribution": "the signature follows a `:`, as in `policy: [3] -> [4]`",
    "module": "the signature follows a `:`, as in `encoder: [3] -> [4]`",
    "function": "the signature follows a `:`, as in `reward: [3] -> []`",
    "use": "the name of the method follows a `:`, as in `package.module: MyMethod`",
}


def phrases(accepted: Set[str]) -> tuple[str, ...]:
    """What may stand where the parser accepts these terminals, most telling first."""
    left = set(accepted)
    found: list[str] = []
    if "NUMBER" in left:
        found.append("an expression")
        left -= OPERAND
    if "PLUS" in left:
        left -= {"LPAR", "LSQB", "_DOT", "_IF", "_EQUAL"}
    signs = [words for name, words in SIGNS.items() if name in left]
    if "NAME" in left:
        signs.append("a name")
    operator = ["an operator"] if left & OPERATORS else []
    statement = ["the first word of a statement"] if left & STATEMENTS else []
    end = ["the end of the line"] if END in left else []
    return (*found, *signs, *statement, *operator, *end)


def advice(accepted: Set[str], keyword: str) -> str:
    """How to go on in a ``keyword`` statement where the parser accepts these terminals."""
    if "NUMBER" in accepted:
        return "write a value here: a number, a name, a call"
    if "COLON" in accepted and keyword in _AFTER_COLON:
        return _AFTER_COLON[keyword]
    for name, words in _ADVICE.items():
        if name in accepted:
            return words
    return "write a name here" if "NAME" in accepted else ""
