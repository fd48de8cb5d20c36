"""Python expressions as data, and the printer that lays them out as a formatter would.

Text is only ever made from identifiers, numbers and ``repr``; nothing of a story reaches the
generated source in another way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import assert_never

from storchc.records import dataclass

ATOM, POWER, UNARY, PRODUCT, SUM, BOTH, XOR, EITHER, COMPARE, NOT, AND, OR, CHOICE = range(13)
_PRECEDENCE = {
    "**": POWER, "*": PRODUCT, "/": PRODUCT, "//": PRODUCT, "%": PRODUCT, "@": PRODUCT,
    "+": SUM, "-": SUM, "&": BOTH, "^": XOR, "|": EITHER, "and": AND, "or": OR,
    "==": COMPARE, "!=": COMPARE, "<": COMPARE, "<=": COMPARE, ">": COMPARE, ">=": COMPARE,
    "is": COMPARE,
    "is not": COMPARE,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Atom:
    """A name, a number, a string, ``...``."""

    text: str


class Local:
    """A variable of a generated function, itself and no other; ``wanted`` is the name it asks for.

    It is named when the function around it is (`storchc.python.naming`).
    """

    __slots__ = ("wanted",)

    def __init__(self, wanted: str) -> None:
        self.wanted = wanted

    def __repr__(self) -> str:
        return f"Local({self.wanted!r})"


@dataclass(frozen=True, slots=True)
class Imported:
    """``identifier`` of a module; what an import statement gives is named when all are known.

    What the generated module itself defines, as a constant dim, is of the module ``HERE``.
    """

    identifier: str
    module: str


@dataclass(frozen=True, slots=True)
class Joined:
    """One operand of several parts, without a blank between them: ``(2*T//3)``."""

    parts: tuple[Py, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """``function(args, keywords)``."""

    function: Py
    args: tuple[Py, ...] = ()
    keywords: tuple[tuple[str, Py], ...] = ()


@dataclass(frozen=True, slots=True)
class Member:
    """``value.name``."""

    value: Py
    name: str


@dataclass(frozen=True, slots=True)
class Subscript:
    """``value[items]``."""

    value: Py
    items: tuple[Py, ...]


@dataclass(frozen=True, slots=True)
class Infix:
    """``left op right``."""

    op: str
    left: Py
    right: Py


@dataclass(frozen=True, slots=True)
class Prefix:
    """``-operand``, ``~operand`` or ``not operand``; ``*operand`` in a tuple."""

    op: str
    operand: Py


@dataclass(frozen=True, slots=True)
class Choice:
    """``then if condition else otherwise``."""

    then: Py
    condition: Py
    otherwise: Py


@dataclass(frozen=True, slots=True)
class Sequence:
    """A tuple ``(a, b)`` or a list ``[a, b]``."""

    brackets: str
    items: tuple[Py, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A dictionary display with string keys."""

    items: tuple[tuple[str, Py], ...]


@dataclass(frozen=True, slots=True)
class SliceOf:
    """``start:stop:step`` inside a subscript."""

    start: Py | None
    stop: Py | None
    step: Py | None


Leaf = Atom | Local | Imported
Py = (
    Leaf | Joined | Call | Member | Subscript | Infix | Prefix | Choice | Sequence | Table | SliceOf
)

BUILTINS = "builtins"
HERE = "."
NONE = Atom("None")
ALL = SliceOf(None, None, None)
DOTS = Atom("...")


def name(identifier: str) -> Py:
    """An identifier, possibly dotted: ``torch.exp``."""
    if not all(part.isidentifier() for part in identifier.split(".")):
        raise ValueError(f"not an identifier: {identifier!r}")
    return Atom(identifier)


def builtin(identifier: str) -> Py:
    """A builtin, which is imported only where the story has something of that name."""
    return Imported(identifier, BUILTINS)


def dotted_name(dotted: str) -> Py:
    """A name of torch's or Python's own to be imported, or a member of one: ``Tensor``."""
    first, *rest = dotted.split(".")
    code: Py = Imported(first, "")
    for part in rest:
        code = Member(code, part)
    return code


def literal(value: bool | int | float | str | None) -> Py:
    """A Python literal; infinities and NaN become ``math.inf`` and the like."""
    if isinstance(value, float) and value != value:
        return Atom("math.nan")
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return Atom("math.inf") if value > 0 else Prefix("-", Atom("math.inf"))
    if isinstance(value, int | float) and not isinstance(value, bool) and value < 0:
        return Prefix("-", Atom(repr(-value)))
    return Atom(_quoted(value) if isinstance(value, str) else repr(value))


def _quoted(text: str) -> str:
    """A string in double quotes where that needs no more escapes than ``repr``."""
    shown = repr(text)
    plain = shown[0] == "'" and '"' not in shown and "\\'" not in shown
    return f'"{shown[1:-1]}"' if plain else shown


def call(function: str | Py, *args: Py, **keywords: Py) -> Py:
    """``function(args, keywords)``; a function given as text is a dotted name."""
    target = name(function) if isinstance(function, str) else function
    return Call(target, args, tuple(keywords.items()))


def method(value: Py, method_name: str, *args: Py, **keywords: Py) -> Py:
    """``value.method_name(args, keywords)``."""
    return Call(Member(value, method_name), args, tuple(keywords.items()))


def member(value: Py, attribute: str) -> Py:
    """``value.attribute``."""
    return Member(value, attribute)


def index(value: Py, *items: Py) -> Py:
    """``value[items]``."""
    return Subscript(value, items)


def infix(op: str, left: Py, right: Py) -> Py:
    """``left op right``."""
    return Infix(op, left, right)


def prefix(op: str, operand: Py) -> Py:
    """``op operand``."""
    return Prefix(op, operand)


def tuple_of(*items: Py) -> Py:
    """``(a, b)``."""
    return Sequence("()", items)


def one_or_more(items: Iterable[Py]) -> Py:
    """One item as it is, several as a tuple: the dimensions that something is summed over."""
    listed = tuple(items)
    return listed[0] if len(listed) == 1 else tuple_of(*listed)


def list_of(*items: Py) -> Py:
    """``[a, b]``."""
    return Sequence("[]", items)


def table(items: Mapping[str, Py]) -> Py:
    """``{"key": value}``."""
    return Table(tuple(items.items()))


def precedence_of(py: Py) -> int:
    """How tightly ``py`` binds: ATOM is tightest."""
    match py:
        case Infix(op, _, _):
            return _PRECEDENCE[op]
        case Prefix(op, _):
            return NOT if op == "not" else UNARY
        case Choice():
            return CHOICE
        case _:
            return ATOM


def rebuild(py: Py, visit: Callable[[Py], Py]) -> Py:
    """``py`` with ``visit`` applied to every node, innermost first."""

    def go(node: Py) -> Py:
        return rebuild(node, visit)

    match py:
        case Call(function, args, keywords):
            named = tuple((key, go(value)) for key, value in keywords)
            py = Call(go(function), tuple(map(go, args)), named)
        case Member(value, attribute):
            py = Member(go(value), attribute)
        case Subscript(value, items):
            py = Subscript(go(value), tuple(map(go, items)))
        case Infix(op, left, right):
            py = Infix(op, go(left), go(right))
        case Prefix(op, operand):
            py = Prefix(op, go(operand))
        case Choice(then, condition, otherwise):
            py = Choice(go(then), go(condition), go(otherwise))
        case Sequence(brackets, items):
            py = Sequence(brackets, tuple(map(go, items)))
        case Table(rows):
            py = Table(tuple((key, go(value)) for key, value in rows))
        case SliceOf(start, stop, step):
            py = SliceOf(*(None if x is None else go(x) for x in (start, stop, step)))
        case Joined(pieces):
            py = Joined(tuple(map(go, pieces)))
        case Atom() | Local() | Imported():
            pass
    return visit(py)


def leaves(py: Py) -> Iterator[Leaf]:
    """The names, numbers and variables that ``py`` is made of, from left to right."""
    match py:
        case Atom() | Local() | Imported():
            yield py
        case Call(function, args, keywords):
            yield from leaves(function)
            for argument in args:
                yield from leaves(argument)
            for _, argument in keywords:
                yield from leaves(argument)
        case Member(value, _) | Prefix(_, value):
            yield from leaves(value)
        case Subscript(value, items):
            yield from leaves(value)
            for item in items:
                yield from leaves(item)
        case Infix(_, left, right):
            yield from leaves(left)
            yield from leaves(right)
        case Choice(then, condition, otherwise):
            yield from leaves(then)
            yield from leaves(condition)
            yield from leaves(otherwise)
        case Sequence(_, items) | Joined(items):
            for item in items:
                yield from leaves(item)
        case Table(rows):
            for _, item in rows:
                yield from leaves(item)
        case SliceOf(start, stop, step):
            for part in (start, stop, step):
                if part is not None:
                    yield from leaves(part)
        case _:
            assert_never(py)
