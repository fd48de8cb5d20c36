"""What is printed parses back to the expression that was meant, wherever the lines are broken."""

from __future__ import annotations

import ast
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from storchc.python import expressions as python
from storchc.python.expressions import Choice, Infix, Member, Prefix, Py, Subscript
from storchc.python.printer import statement

NAMES = st.sampled_from(["x", "self.w", "a_rather_long_name", "an_even_longer_name"])
OPERATORS = st.sampled_from(["*", "+", "-", "/", "**", "==", "<", "&", "^", "|", "and", "or"])


def larger(inner: st.SearchStrategy[Py]) -> st.SearchStrategy[Py]:
    return st.one_of(
        st.builds(python.infix, OPERATORS, inner, inner),
        st.builds(python.infix, OPERATORS, inner, inner),
        st.builds(python.prefix, st.sampled_from(["-", "~", "not"]), inner),
        st.builds(lambda v: python.index(v, python.ALL, python.NONE), inner),
        st.builds(lambda v: python.method(v, "sum", python.literal(0)), inner),
        st.builds(lambda v: python.member(v, "weight"), inner),
        st.builds(lambda a, b: python.call("torch.where", a, b), inner, inner),
        st.builds(Choice, inner, inner, inner),
    )


EXPRESSIONS = st.recursive(st.builds(python.name, NAMES), larger, max_leaves=16)


def bracketed(py: Py) -> str:
    """The expression with every operand in brackets, on one line."""
    match py:
        case Infix(op, left, right):
            return f"(({bracketed(left)}) {op} ({bracketed(right)}))"
        case Prefix(op, operand):
            return f"({op} ({bracketed(operand)}))"
        case Choice(then, condition, otherwise):
            parts = map(bracketed, (then, condition, otherwise))
            return "(({}) if ({}) else ({}))".format(*parts)
        case Subscript(value, _):
            return f"({bracketed(value)})[:, None]"
        case Member(value, attribute):
            return f"({bracketed(value)}).{attribute}"
        case python.Call(function, args, _):
            return f"{bracketed(function)}({', '.join(map(bracketed, args))})"
    assert isinstance(py, python.Atom)
    return py.text


class Flat(ast.NodeTransformer):
    """``(a and b) and c`` is ``a and b and c`` with the same value."""

    def visit_BoolOp(self, node: ast.BoolOp) -> Any:
        self.generic_visit(node)
        values: list[ast.expr] = []
        for value in node.values:
            if isinstance(value, ast.BoolOp) and type(value.op) is type(node.op):
                values += value.values
            else:
                values.append(value)
        node.values = values
        return node


def meaning(text: str) -> str:
    return ast.dump(Flat().visit(ast.parse(text)))


@settings(max_examples=500, deadline=None, derandomize=True, database=None)
@given(EXPRESSIONS, st.sampled_from([0, 8, 60]))
def test_printed_statements_mean_what_they_say(py: Py, indent: int) -> None:
    lines = statement("y = ", py, indent)
    text = "\n".join(line[indent:] for line in lines)
    assert meaning(text) == meaning(f"y = {bracketed(py)}")
