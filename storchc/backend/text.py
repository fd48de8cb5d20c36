"""Docstrings and defaults: the places where text of a story stands in generated code."""

from __future__ import annotations

from storchc.ir.graph import Graph
from storchc.python.expressions import Atom, Py, Sequence, call, infix, literal, name, prefix
from storchc.syntax import tree


def docstring(text: str, indent: int) -> str:
    """A docstring of this text; unless it is plain, as an escaped string of one line."""
    pad = " " * indent
    plain = all(c.isprintable() or c == "\n" for c in text)
    if not plain or "\\" in text or '"""' in text or text.endswith('"'):
        return repr(text) if plain else ascii(text)
    lines = text.split("\n")
    body = "\n".join([lines[0], *(f"{pad}{line}" if line.strip() else "" for line in lines[1:])])
    return f'"""{body}\n{pad}"""' if len(lines) > 1 else f'"""{body}"""'


def default(graph: Graph, expression: tree.Expression) -> Py:
    """A module's default: calls of ``torch.nn`` classes and constants, checked before."""
    match expression:
        case tree.Call(function, args, keywords):
            target = name(f"nn.{function.id.removeprefix('nn.')}")
            named = {k.name.id: default(graph, k.value) for k in keywords}
            return call(target, *(default(graph, a) for a in args), **named)
        case tree.Number(value) | tree.Text(value):
            return literal(value)
        case tree.Constant(word):
            return _CONSTANTS[word]
        case tree.Name(word):
            return literal(graph.dims[word].value)
        case tree.Unary(op, operand):
            return _signed(op, default(graph, operand))
        case tree.Binary(op, left, right):
            return infix(op, default(graph, left), default(graph, right))
        case tree.ListOf(items):
            return Sequence("[]", tuple(default(graph, i) for i in items))
        case _:
            raise TypeError(f"no default can contain {type(expression).__name__}")


def _signed(op: str, operand: Py) -> Py:
    return prefix("-", operand) if op == "-" else operand


_CONSTANTS: dict[str, Py] = {
    "true": Atom("True"),
    "false": Atom("False"),
    "none": Atom("None"),
    "inf": Atom("math.inf"),
    "pi": Atom("math.pi"),
}
