"""Target expressions as text: on one line where it fits, else broken at the outermost bracket."""

from __future__ import annotations

from collections.abc import Iterator

from storchc.python.expressions import (
    ATOM,
    CHOICE,
    COMPARE,
    NOT,
    POWER,
    SUM,
    UNARY,
    Atom,
    Call,
    Choice,
    Imported,
    Infix,
    Joined,
    Local,
    Member,
    Prefix,
    Py,
    Sequence,
    SliceOf,
    Subscript,
    Table,
    literal,
    precedence_of,
)

WIDTH = 100


def write(py: Py) -> str:
    """``py`` on one line."""
    match py:
        case Atom(text):
            return text
        case Local():
            return py.wanted
        case Imported(identifier, _):
            return identifier
        case Joined(pieces):
            return "".join(map(write, pieces))
        case Call(function, _, _):
            return f"{_tight(function)}({', '.join(_arguments(py))})"
        case Member(value, name):
            return f"{_tight(value)}.{name}"
        case Subscript(value, items):
            return f"{_tight(value)}[{', '.join(map(write, items))}]"
        case Infix(op, left, right):
            return _infix(op, left, right)
        case Prefix(op, operand):
            level = NOT if op == "not" else UNARY
            return f"{op} {_at(operand, level)}" if op == "not" else f"{op}{_at(operand, level)}"
        case Choice(then, condition, otherwise):
            parts = _at(then, CHOICE - 1), _at(condition, CHOICE - 1), _at(otherwise, CHOICE)
            return "{} if {} else {}".format(*parts)
        case Sequence(brackets, items):
            return _sequence(brackets, items)
        case Table(items):
            return "{" + ", ".join(f"{write(literal(key))}: {write(v)}" for key, v in items) + "}"
        case SliceOf(start, stop, step):
            return _slice(start, stop, step)


def statement(prefix: str, py: Py, indent: int, suffix: str = "") -> list[str]:
    """The lines of ``prefix py suffix`` at ``indent`` columns, none longer than can be helped."""
    return list(_lines(prefix, py, suffix, indent))


def _lines(prefix: str, py: Py, suffix: str, indent: int) -> Iterator[str]:
    pad = " " * indent
    if suffix[:1] in (".", "[") and precedence_of(py) > ATOM and not _breakable(py):
        py = _Parenthesised(py)  # what follows is meant for all of it
    shown = _tight(py) if suffix[:1] in (".", "[") else write(py)
    flat = f"{pad}{prefix}{shown}{suffix}"
    if len(flat) <= WIDTH:
        yield flat
        return
    match py:
        case Call() if prefix[-2:] == "= " and (links := _fluent(py)):
            yield f"{pad}{prefix}("
            yield from (f"{pad}    {link}" for link in links)
            yield f"{pad}){suffix}"
        case Call(Member(value, member), _, _) if _too_long(pad, prefix, py):
            yield from _lines(
                prefix, value, f".{member}({', '.join(_arguments(py))}){suffix}", indent
            )
        case Call(function, args, keywords) if args or keywords:
            yield from _bracket(
                f"{pad}{prefix}{_tight(function)}(", _parts(py), f"){suffix}", indent
            )
        case Sequence(brackets, items) if items:
            parts = [("", item) for item in items]
            head, tail = f"{pad}{prefix}{brackets[0]}", f"{brackets[1]}{suffix}"
            yield from _bracket(head, parts, tail, indent, one_each=True)
        case Table(items) if items:
            parts = [(f"{write(literal(key))}: ", item) for key, item in items]
            yield from _bracket(f"{pad}{prefix}{{", parts, f"}}{suffix}", indent, one_each=True)
        case Prefix(op, Call() as operand) if op != "not":
            yield from _lines(f"{prefix}{op}", operand, suffix, indent)
        case Infix() if not suffix and prefix and (ending := _ending(py, pad + prefix)):
            yield from ending
        case Infix() if _breakable(py):
            yield from _chain(prefix, py, suffix, indent)
        case Choice(then, condition, otherwise):
            yield f"{pad}{prefix}("
            if len(f"{pad}    {write(py)}") <= WIDTH:
                yield f"{pad}    {write(py)}"
            else:
                yield from _lines("", _operand(then, CHOICE - 1), "", indent + 4)
                yield from _lines("if ", _operand(condition, CHOICE - 1), "", indent + 4)
                yield from _lines("else ", _operand(otherwise, CHOICE), "", indent + 4)
            yield f"{pad}){suffix}"
        case Subscript(value, items):
            inner = f"[{', '.join(map(write, items))}]{suffix}"
            yield from _lines(prefix, value, inner, indent)
        case _:
            yield flat


def _ending(py: Infix, before: str) -> list[str]:
    """The lines of one operation that are broken in the bracket at its end, where it has one.

    A formatter then adds no brackets around the whole. ``before`` stands in front of ``py``.
    """
    level = precedence_of(py)
    if not _breakable(py) or precedence_of(py.left) == level:
        return []
    before, last = f"{before}{_at(py.left, _tighter(level))} {py.op} ", py.right
    pad = len(before) - len(before.lstrip())
    if precedence_of(last) > _tighter(level) and isinstance(last, Infix) and _breakable(last):
        found = list(_chain(before.lstrip(), last, "", pad))
    elif isinstance(last, Infix):
        found = _ending(last, before)
    elif isinstance(last, Call) and (last.args or last.keywords):
        found = list(_lines(before.lstrip(), last, "", pad))
    else:
        found = []
    return found if found and len(found[0]) <= WIDTH else []


def _fluent(py: Call) -> list[str]:
    """An operation in brackets and the calls on it, two or more: a formatter gives each a line."""
    calls: list[str] = []
    value: Py = py
    while isinstance(value, Call) and isinstance(value.function, Member):
        calls.append(f".{value.function.name}({', '.join(_arguments(value))})")
        value = value.function.value
    return [_tight(value), *reversed(calls)] if isinstance(value, Infix) and len(calls) > 1 else []


def _breakable(py: Py) -> bool:
    """Whether ``py`` is a chain of operands that associate to the left."""
    return isinstance(py, Infix) and precedence_of(py) not in (POWER, COMPARE)


def _too_long(pad: str, prefix: str, py: Call) -> bool:
    """Whether what stands before the last bracket does not fit: an earlier one must break."""
    return isinstance(py.function, Member) and (
        len(f"{pad}{prefix}{_tight(py.function)}(") > WIDTH
        and not isinstance(py.function.value, Atom)
    )


def _bracket(
    head: str,
    parts: list[tuple[str, Py]],
    tail: str,
    indent: int,
    *,
    one_each: bool = False,
) -> Iterator[str]:
    inner = " " * (indent + 4)
    flat = inner + ", ".join(f"{prefix}{write(py)}" for prefix, py in parts)
    yield head
    if len(flat) <= WIDTH and not one_each:
        yield flat
    else:
        for prefix, py in parts:
            yield from _lines(prefix, py, ",", indent + 4)
    yield " " * indent + tail


def _chain(prefix: str, py: Infix, suffix: str, indent: int) -> Iterator[str]:
    level = precedence_of(py)
    terms: list[tuple[str, Py]] = []
    rest: Py = py
    while isinstance(rest, Infix) and precedence_of(rest) == level:
        terms.append((f"{rest.op} ", rest.right))
        rest = rest.left
    terms.append(("", rest))
    pad = " " * indent
    open_, close = ("", "") if prefix == "" and suffix == "," else ("(", ")")
    inner = indent + 4 if open_ else indent
    if open_:
        yield f"{pad}{prefix}("
        flat = f"{' ' * inner}{write(py)}"
        if len(flat) <= WIDTH:
            yield flat
            yield f"{pad}{close}{suffix}"
            return
    for number, (operator, term) in enumerate(reversed(terms)):
        last = number == len(terms) - 1
        shown = _operand(term, _tighter(level))
        if isinstance(term, Choice) and inner + len(operator + write(term)) > WIDTH:
            shown = term  # which brings its own brackets where it is broken
        yield from _lines(operator, shown, suffix if last and not open_ else "", inner)
    if open_:
        yield f"{pad}{close}{suffix}"


def _operand(py: Py, level: int) -> Py:
    return py if precedence_of(py) <= level else _Parenthesised(py)


def _Parenthesised(py: Py) -> Py:
    return Atom(f"({write(py)})")


def _parts(py: Call) -> list[tuple[str, Py]]:
    return [("", arg) for arg in py.args] + [(f"{key}=", value) for key, value in py.keywords]


def _arguments(py: Call) -> list[str]:
    return [f"{prefix}{write(value)}" for prefix, value in _parts(py)]


def _infix(op: str, left: Py, right: Py) -> str:
    level = precedence_of(Infix(op, left, right))
    if op == "**":  # binds tighter than a sign on its left, looser than one on its right
        operator = "**" if _simple(left) and _simple(right) else " ** "
        return f"{_at(left, ATOM)}{operator}{_at(right, UNARY)}"
    chained = precedence_of(left) == level != COMPARE  # Python's comparisons, a story's never
    own = level if chained else _tighter(level)
    return f"{_at(left, own)} {op} {_at(right, _tighter(level))}"


def _tighter(level: int) -> int:
    """What binds tightly enough to stand bare beside an operator; few know it of ``&``."""
    return SUM if SUM < level <= COMPARE else level - 1


def _simple(py: Py) -> bool:
    """What a formatter sets close around ``**``: names, numbers, attributes of names."""
    match py:
        case Atom():
            return True
        case Member(value, _):
            return _simple(value)
        case Prefix(op, Atom()):
            return op != "not"
        case _:
            return False


def _sequence(brackets: str, items: tuple[Py, ...]) -> str:
    inner = ", ".join(map(write, items))
    comma = "," if len(items) == 1 and brackets == "()" else ""
    return f"{brackets[0]}{inner}{comma}{brackets[1]}"


def _slice(start: Py | None, stop: Py | None, step: Py | None) -> str:
    text = f"{_optional(start)}:{_optional(stop)}"
    return f"{text}:{write(step)}" if step is not None else text


def _optional(py: Py | None) -> str:
    return "" if py is None else write(py)


def _tight(py: Py) -> str:
    """``py`` as the left of ``.``, ``(`` or ``[``; a bare number needs brackets before a dot."""
    text = _at(py, ATOM)
    return f"({text})" if text[:1].isdigit() else text


def _at(py: Py, level: int) -> str:
    text = write(py)
    return text if precedence_of(py) <= level else f"({text})"
