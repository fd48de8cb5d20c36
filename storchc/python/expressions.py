"""Python expressions as data, and the printer that lays them out as a formatter would.

Text is only ever made from identifiers, numbers and ``repr``; nothing of a story reaches the
generated source in another way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from storchc.records import dataclass

ATOM, POWER, UNARY, PRODUCT, SUM, COMPARE, NOT, AND, OR, CHOICE = range(10)
_PRECEDENCE = {
    "**": POWER, "*": PRODUCT, "/": PRODUCT, "//": PRODUCT, "%": PRODUCT, "@": PRODUCT,
    "+": SUM, "-": SUM, "and": AND, "or": OR,
    "==": COMPARE, "!=": COMPARE, "<": COMPARE, "<=": COMPARE, ">": COMPARE, ">=": COMPARE,
    "is": COMPARE,
    "is not": COMPARE,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Atom:
    """A name, a number, a string, ``...``."""

    text: str


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
    """``-operand`` or ``not operand``."""

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


Py = Atom | Call | Member | Subscript | Infix | Prefix | Choice | Sequence | Table | SliceOf

NONE = Atom("None")
ALL = SliceOf(None, None, None)
DOTS = Atom("...")


def name(identifier: str) -> Py:
    """An identifier, possibly dotted: ``torch.exp``."""
    if not all(part.isidentifier() for part in identifier.split(".")):
        raise ValueError(f"not an identifier: {identifier!r}")
    return Atom(identifier)


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
    return visit(py)
