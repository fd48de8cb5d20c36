"""Words for what is wrong with the text of a story (S100 to S149)."""

from __future__ import annotations

from storchc.diagnostics.diagnostic import Label, Problem
from storchc.diagnostics.suggest import did_you_mean
from storchc.source import Span

CODES: dict[str, str] = {
    "S100": "the file is not UTF-8 text",
    "S101": "a control character in the file",
    "S102": "an empty story",
    "S103": "a tab in the indentation",
    "S104": "indentation that fits no block",
    "S105": "nested too deeply",
    "S106": "a bracket that is never closed",
    "S107": "a closing bracket without its opening one",
    "S108": "a string that does not end",
    "S109": "a character that means nothing here",
    "S110": "a line that starts with no statement",
    "S111": "a word of the language used as a name",
    "S112": "a name with characters that names may not have",
    "S113": "something is missing or out of place",
    "S114": "text after the end of a statement",
    "S115": "comparisons in a chain",
    "S116": "`=` and `~` mixed up",
    "S117": "a story without its title, or with two",
    "S118": "a docstring out of place",
    "S119": "a declaration after the first step",
    "S120": "a loop without a body",
    "S121": "`stop when` out of place",
    "S122": "an unknown type of values",
    "S123": "an unknown flag or reduction",
    "S124": "arguments in the wrong order, or one given twice",
    "S125": "a call of something that is not a name",
    "S126": "a method without its parentheses",
    "S127": "a number that is too large",
    "S128": "an unknown escape in a string",
}

DEPTH = 100
"""How many levels brackets, operators and loops may nest."""

STATEMENTS_ARE = "a line starts with a word such as `input`, `compute`, `sample` or `cost`"
OWN_LINE = "start the next statement on a line of its own"
PARTS_IN_ORDER = (
    "`each`, `with`, `using` and `in` follow the distribution in this order, each at most once"
)
EACH_AND_COMMAS = "data plates follow `each`, separated by commas: `each data, sites`"
EACH_OF_SAMPLES = (
    "only a `sample` takes `each`, between its distribution and `with`; all else has the plates of "
    "what it is made of"
)
END_HERE = "delete what follows, or join it to the statement with an operator or a comma"
WRITE_PRODUCT = "a product is written with `*`: `2 * x`"
WRITE_SHAPE = "shapes are written in brackets: `[K, 3]`"
ONE_BOUND = "a loop counts from 0 up to one bound: `for t in range(T):`; `t + 1` counts from 1"
A_LOOP = "a loop is written `for t in range(T):`"
CARRIES = "carried variables follow `from`: `for t in range(T) from h = 0:`"
CARRIES_FROM = "a carried variable has a value before the first step: `from h = 0`"
CARRIES_MORE = "carried variables are separated by commas: `from h = 0, g = 1`"
NO_COMPREHENSION = "functions take whole values, as in `sum(w * x)`; a `for` has lines of its own"
KEY_SAYS_SO = "leave `{}` out: the key says it"
OBSERVED_AS = "what is more than a name gets one: `observe name = x[0] ~ …`"
ONE_WORD = "a title is one word: `story MyStory`"
WRITE_LIST = "a list is written in brackets: `[a, b]`"

_INSTEAD = {
    "{": "lists and shapes are written with `[` and `]`",
    "}": "lists and shapes are written with `[` and `]`",
    ";": "write one statement on each line",
    "\\": "no mark is needed: a statement goes on to the next line while a bracket is open",
    "^": "powers are written with `**`",
    "&": "write `and`",
    "|": "write `or`",
    "!": "write `not`, or `!=` for unequal",
    "$": "names need no mark",
    "?": "a choice is written `a if condition else b`",
    "`": "strings are written with double or single quotes",
    "\u201c": 'use plain quotes: `"`',
    "\u201d": 'use plain quotes: `"`',
    "\u2018": "use plain quotes: `'`",
    "\u2019": "use plain quotes: `'`",
    "\u2212": "write the plain minus sign `-`",
    "\u2013": "write the plain minus sign `-`",
    "\u00d7": "write `*`",
    "\u00b7": "write `*`",
    "\u2264": "write `<=`",
    "\u2265": "write `>=`",
    "\u2260": "write `!=`",
    "\u2192": "write `->`",
    "\u223c": "write the plain tilde `~`",
    "\u00a0": "replace this no-break space by a plain one",
}


_STOPS = "a loop ends early by `stop when condition`, the last line of its body"
_CHOICE = "choose between values: `compute y = a if condition else b`"
FOREIGN = {
    "while": "a loop counts its steps: `for t in range(T):`; `stop when condition` ends it early",
    "break": _STOPS,
    "until": _STOPS,
    "when": _STOPS,
    "stop_when": _STOPS,
    "if": _CHOICE,
    "elif": _CHOICE,
    "else": _CHOICE,
    "continue": "every step runs whole: choose between values with `a if condition else b`",
    "return": "delete it: `cost` and `report` say what comes out of a story",
    "let": "write `compute name = …`",
    "import": "leave it out: functions have torch's names here; your own are declared: "
    "`module f: …`, `function f: …`, `use package.module: MyMethod`",
    "from": "leave it out: your own are declared: `module f: …`, `function f: …`, "
    "`use package.module: MyMethod`",
    "print": "write `report name = …`: a value to look at in `estimate.reports`",
    "//": "comments begin with `#`",
    "def": "declare a Python function with `function`, and pass it to the module",
}
"""Words of other languages at the start of a line, and what is written here."""


def stop_when(condition: str) -> str:
    """What to write in place of ``if condition: break``."""
    return f"write `stop when {condition}`, as the last line of the loop's body"


def whole_value(name: str) -> str:
    """What to write in place of ``name[t] = …``."""
    return f"define it whole: `compute {name} = …`; `sequence({name})` has that of every step"


def _plural(items: list[str]) -> str:
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " or " + items[-1]


def _listed(items: tuple[str, ...]) -> str:
    return _plural([f"`{item}`" for item in items])


# --- files ---------------------------------------------------------------------------------------


def not_utf8(span: Span, byte: int) -> Problem:
    """A byte that no UTF-8 text has."""
    message = f"the file is not UTF-8 text: byte 0x{byte:02x} cannot be decoded"
    return Problem("S100", message, span, "save the file in the encoding UTF-8")


def control_character(span: Span, char: str) -> Problem:
    """A character that no editor shows, such as NUL."""
    message = f"the control character U+{ord(char):04X} stands in the text"
    return Problem("S101", message, span, "delete it; stories are plain text")


def empty_story(span: Span) -> Problem:
    """Nothing but blank lines and comments."""
    return Problem("S102", "the story is empty", span, "start with a line such as `story Name`")


# --- lines ---------------------------------------------------------------------------------------


def tab_in_indentation(span: Span) -> Problem:
    """A tab before the first word of a line."""
    message = "a tab stands in the indentation"
    return Problem("S103", message, span, "indent with spaces, four for each level")


def unexpected_indent(span: Span) -> Problem:
    """A line further right than its neighbours, with no loop above it."""
    help = "start the line in the column of the one above; only the body of a `for` is indented"
    return Problem("S104", "the line is indented, but opens no block", span, help)


def uneven_dedent(span: Span, columns: tuple[int, ...]) -> Problem:
    """A line that returns to a column where no open block starts."""
    options = _plural([str(column + 1) for column in columns])
    help = f"start the line in column {options}, as the blocks around it do"
    return Problem("S104", "the indentation fits no block around the line", span, help)


def nested_too_deeply(span: Span, what: str) -> Problem:
    """Brackets, operators or loops beyond ``DEPTH`` levels."""
    message = f"{what} nest more than {DEPTH} levels deep here"
    return Problem("S105", message, span, "name parts of it in `compute` steps of their own")


def unclosed_bracket(span: Span, bracket: str) -> Problem:
    """``(`` or ``[`` without its other half."""
    other = ")" if bracket == "(" else "]"
    return Problem("S106", f"`{bracket}` is never closed", span, f"add the missing `{other}`")


def unmatched_bracket(span: Span, bracket: str) -> Problem:
    """``)`` or ``]`` with nothing open."""
    other = "(" if bracket == ")" else "["
    help = f"delete it, or add the `{other}` that it should close"
    return Problem("S107", f"`{bracket}` closes nothing", span, help)


def wrong_bracket(span: Span, bracket: str, opened: Span, opener: str) -> Problem:
    """``(`` closed by ``]`` or the other way round."""
    right = ")" if opener == "(" else "]"
    label = Label(opened, f"`{opener}` is open here")
    help = f"write `{right}`"
    return Problem("S107", f"`{bracket}` cannot close `{opener}`", span, help, (label,))


def unterminated_string(span: Span, quote: str) -> Problem:
    """A quote without its other half before the end of the line, or of the file."""
    if quote == '"""':
        return Problem("S108", "the docstring never ends", span, 'close it with `"""`')
    help = f"close it with `{quote}` on the same line"
    return Problem("S108", "the string does not end on its line", span, help)


def unexpected_character(span: Span, char: str) -> Problem:
    """A character outside the language."""
    shown = f"`{char}`" if char.isprintable() else f"the character U+{ord(char):04X}"
    help = _INSTEAD.get(char, "delete it, or put it into a string or a comment")
    return Problem("S109", f"{shown} means nothing here", span, help)


# --- statements ----------------------------------------------------------------------------------


def unknown_statement(span: Span, word: str, help: str) -> Problem:
    """A line whose first word is no statement."""
    return Problem("S110", f"`{word}` starts no statement", span, help)


def reserved_word(span: Span, word: str) -> Problem:
    """``if``, ``in``, ``alive`` … where a name should stand."""
    message = f"`{word}` is a word of the language and cannot be a name"
    return Problem("S111", message, span, f"choose another name, such as `{word}_`")


def leading_underscore(span: Span, name: str) -> Problem:
    """``_x``."""
    message = f"the name `{name}` starts with `_`"
    stripped = name.strip("_") or "x"
    return Problem("S112", message, span, f"names start with a letter: `{stripped}`")


def name_not_ascii(span: Span, name: str) -> Problem:
    """A name with letters outside ASCII."""
    char = next(c for c in name if not c.isascii())
    message = f"the name `{name}` has the character `{char}`"
    return Problem("S112", message, span, "names are made of the letters a to z, digits and `_`")


def expected(span: Span, found: str, wanted: tuple[str, ...], help: str = "") -> Problem:
    """Something else should stand here: at most three things that could."""
    message = f"expected {_plural(list(wanted[:3]))}, found {found}"
    return Problem("S113", message, span, help or "complete the statement, or delete this part")


def trailing_text(span: Span, found: str, help: str) -> Problem:
    """The statement is complete, but its line goes on."""
    return Problem("S114", f"the statement ends before {found}", span, help)


def chained_comparison(span: Span) -> Problem:
    """``a < b < c``."""
    help = "compare two values at a time: `a < b and b < c`"
    return Problem("S115", "comparisons do not chain", span, help)


def tilde_in_place_of_equal(span: Span, keyword: str) -> Problem:
    """``compute x ~ …``."""
    drawn = "observe x ~ …" if keyword == "cost" else "sample x ~ …"
    role = "observed" if keyword == "cost" else "drawn"
    help = f"write `=` for a value; a value that is {role} is written `{drawn}`"
    return Problem("S116", f"`{keyword}` defines a value with `=`, not with `~`", span, help)


def equal_in_place_of_tilde(span: Span) -> Problem:
    """``sample z = …``."""
    help = "write `~` for a value that is drawn; one that is computed is written `compute x = …`"
    return Problem("S116", "`sample` draws a value with `~`, not with `=`", span, help)


def of_another_kind(span: Span, kind: str) -> Problem:
    """``storchc check guide.md``."""
    help = "put the story into a file of its own, `NAME.story`"
    return Problem("S117", f"this is a file of {kind}, not a story", span, help)


def missing_title(span: Span) -> Problem:
    """The first line is not ``story Name``."""
    message = "the story has no title"
    return Problem("S117", message, span, "start the file with a line such as `story Name`")


def second_title(span: Span, first: Span) -> Problem:
    """Two ``story`` lines."""
    label = Label(first, "the title stands here")
    help = "delete one of them; a file holds one story"
    return Problem("S117", "the story has a second title", span, help, (label,))


def misplaced_docstring(span: Span) -> Problem:
    """A docstring anywhere but right after the title."""
    help = "put it on the line after `story Name`; comments start with `#`"
    return Problem("S118", "a docstring stands only right after the title", span, help)


def late_declaration(span: Span, keyword: str, step: Span) -> Problem:
    """A declaration below the first step."""
    label = Label(step, "the first step")
    help = f"move the `{keyword}` line above the first step"
    message = f"`{keyword}` declares something after the first step"
    return Problem("S119", message, span, help, (label,))


def indented_declaration(span: Span, keyword: str) -> Problem:
    """A declaration in the body of a loop."""
    message = f"`{keyword}` declares something inside a loop"
    return Problem("S119", message, span, f"move the `{keyword}` line above the first step")


def empty_loop(span: Span) -> Problem:
    """A ``for`` line that nothing indented follows."""
    help = "indent the steps of the loop below the `for` line"
    return Problem("S120", "the loop has no body", span, help)


def loop_without_do(span: Span) -> Problem:
    """A ``for`` in YAML without steps under ``do``."""
    return Problem("S120", "the loop has no body", span, "list its steps under `do`, beside `for`")


def stop_outside_loop(span: Span) -> Problem:
    """``stop when`` at the top level."""
    help = "put it in the body of a `for`, or delete it"
    return Problem("S121", "`stop when` stands outside every loop", span, help)


def stop_not_last(span: Span, after: Span) -> Problem:
    """``stop when`` followed by further steps of its body."""
    label = Label(after, "this step of the same body follows it")
    help = "move it to the end of the body"
    return Problem("S121", "`stop when` is not the last step of its body", span, help, (label,))


def unknown_dtype(span: Span, word: str) -> Problem:
    """``: double``."""
    message = f"`{word}` is no type of values"
    return Problem("S122", message, span, f"write {_listed(('float', 'int', 'bool'))}")


def unknown_reduction(span: Span, word: str) -> Problem:
    """``plate data mean``."""
    help = "write `sum` for a plate that is summed, and nothing for one that is averaged"
    return Problem("S123", f"`{word}` is no reduction of a plate", span, help)


def unknown_flag(span: Span, word: str, kind: str, known: tuple[str, ...]) -> Problem:
    """``function f pure: …``, or a flag in the place of the name: ``module frozen f: …``."""
    flags = f"the flags of a {kind}, which follow its name, are {_listed(known)}"
    help = did_you_mean(word, known, flags)
    return Problem("S123", f"`{word}` is no flag", span, help)


def flag_before(kind: str, flag: str) -> str:
    """A flag behind the colon, or before the word that begins the statement."""
    return f"flags stand between name and colon: `{kind} name {flag}: …`"


def flag_in_text(flag: str) -> str:
    """The same in YAML, where the name is a key."""
    return f'flags stand before the shapes: `name: "{flag}: [3] -> [4]"`'


FLAGS_AND_COLON = 'a `:` follows the flags, before the shapes: `"frozen: [3] -> [4]"`'
FLAGS_APART = "flags are separated by spaces alone"
NO_DEFAULT = "leave it out: a distribution is passed to the constructor"


def flag_elsewhere(span: Span, word: str, kind: str, known: tuple[str, ...]) -> Problem:
    """``function f frozen: …``."""
    help = f"the flags of a {kind} are {_listed(known)}"
    return Problem("S123", f"`{word}` is no flag of a {kind}", span, help)


def repeated_flag(span: Span, word: str) -> Problem:
    """The same flag twice."""
    return Problem("S123", f"the flag `{word}` stands twice", span, "delete one of them")


# --- expressions ---------------------------------------------------------------------------------


def positional_after_keyword(span: Span) -> Problem:
    """``f(a=1, b)``."""
    message = "an argument without a name follows one with a name"
    return Problem("S124", message, span, "put arguments without names first")


def repeated_argument(span: Span, name: str, first: Span) -> Problem:
    """``f(a=1, a=2)``."""
    label = Label(first, "first given here")
    message = f"the argument `{name}` is given twice"
    return Problem("S124", message, span, "delete one of them", (label,))


def call_of_constant(span: Span, word: str) -> Problem:
    """``pi(x)`` of a policy."""
    help = f"choose another name, such as `{word}_`, where it is declared and here"
    return Problem("S125", f"`{word}` is a word of the language, nothing to call", span, help)


def call_of_value(span: Span, method: str | None) -> Problem:
    """``f(x)(y)``, or ``f(x).mean()``."""
    help = "give the value a name in a `compute` step, and call functions and modules by name"
    if method in ("rsample", "sample", "sample_n"):
        help = "draw it in a step of its own, `sample z ~ Normal(…) with Reparameterization()`"
    elif method is not None:
        help = f"functions stand alone: `{method}(…)` around the value, with `dim=` if one is meant"
    return Problem("S125", "only a name can be called", span, help)


def hyphen_in_name(span: Span, written: str) -> Problem:
    """``with Gumbel-Softmax()``."""
    message = f"`{written}` is no name: it has a hyphen"
    return Problem("S126", message, span, f"write `{written.replace('-', '')}()`")


_OPTIONS = ("n", "k", "baseline", "temperature")


def missing_parentheses(span: Span, name: str) -> Problem:
    """``with ScoreFunction``."""
    message = f"the parentheses of `{name}` are missing"
    help = f"write `{name}()`, with its options inside"
    if name in _OPTIONS:
        help = f"options stand in the parentheses of a method: `ScoreFunction({name}=…)`"
    return Problem("S126", message, span, help)


def inside_parentheses(option: str) -> str:
    """What helps where an option follows a method."""
    return f"options stand in the parentheses of a method or sampler: `ScoreFunction({option})`"


def number_too_large(span: Span) -> Problem:
    """An integer beyond 64 bits, or a float beyond the largest."""
    help = "integers go up to 9223372036854775807, other numbers up to 1.8e308; `inf` is infinity"
    return Problem("S127", "the number is too large", span, help)


def unknown_escape(span: Span, escape: str) -> Problem:
    """``"\\q"``."""
    known = _listed(("\\\\", "\\n", "\\t", "\\r", "\\'", '\\"'))
    help = f"the escapes are {known}; write `\\\\` for a backslash"
    return Problem("S128", f"`{escape}` is no escape", span, help)
