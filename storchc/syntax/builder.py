"""Builds the syntax tree while the parser runs: one method for each rule of the grammar.

The parser calls these as it reduces, so nothing here recurses, however deep the text nests.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from storchc.diagnostics import syntax as words
from storchc.diagnostics.diagnostic import Problem
from storchc.source import Span
from storchc.syntax import tree

if TYPE_CHECKING:
    from lark import Token

FLAGS = ("batched", "nondiff", "stateful")
DTYPES = ("float", "int", "bool")
_ESCAPES = {"\\": "\\", "n": "\n", "t": "\t", "r": "\r", "'": "'", '"': '"'}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


class Mistake(Exception):
    """Carries a problem out of the parser when a phrase is wrong although the grammar fits."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Title:
    """``story Name``."""

    name: tree.Name
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ValueSpec:
    """What follows the name of an input: ``[data, 784]: float``."""

    sizes: tuple[tree.Expression, ...]
    dtype: tree.Dtype
    span: Span


@dataclass(frozen=True, slots=True)
class ParamSpec:
    """What follows the name of a parameter: ``[K] = init``."""

    sizes: tuple[tree.Expression, ...]
    init: tree.Expression
    span: Span


Type = tree.TensorType | tree.TupleType


@dataclass(frozen=True, slots=True)
class CallableSpec:
    """What follows the name of a module or function: ``batched: [A] -> [B] = default``."""

    flags: frozenset[tree.Flag]
    arguments: tuple[Type, ...]
    results: tuple[Type, ...]
    default: Any
    span: Span


def at(token: Token) -> Span:
    """The place of a token."""
    assert token.start_pos is not None
    assert token.end_pos is not None
    return Span(token.start_pos, token.end_pos)


def _around(*parts: Any) -> Span:
    """From the first part that is there to the last."""
    spans = [part.span if hasattr(part, "span") else at(part) for part in parts if part is not None]
    return Span(spans[0].start, spans[-1].end)


def _named(token: Token) -> tree.Name:
    name = tree.Name(str(token), at(token))
    if not name.id.isascii():
        raise Mistake(words.name_not_ascii(name.span, name.id))
    return name


def _present(items: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(item for item in items if item is not None)


class Builder:
    """The callbacks. Children that the grammar marks optional are None when they are absent."""

    # --- lines -----------------------------------------------------------------------------------

    def statement(self, children: list[Any]) -> Any:
        """A keyword and the rest of its line."""
        keyword, node, *_ = children
        if isinstance(node, tree.For):
            span = _around(keyword, children[2])
            return replace(node, header=span, span=span)
        return replace(node, span=at(keyword).to(node.span))

    def title(self, children: list[Any]) -> Title:
        """``Name``."""
        return Title(children[0], children[0].span)

    # --- declarations ----------------------------------------------------------------------------

    def dim(self, children: list[Any]) -> tree.Dim:
        """``K = 2`` or ``K``."""
        return tree.Dim(children[0], children[1], _around(*children))

    def plate(self, children: list[Any]) -> tree.Plate:
        """``sites sum`` or ``data``."""
        name, reduction = children
        if reduction is None:
            return tree.Plate(name, "mean", name.span)
        if reduction != "sum":
            raise Mistake(words.unknown_reduction(at(reduction), str(reduction)))
        return tree.Plate(name, "sum", _around(name, reduction))

    def input(self, children: list[Any]) -> tree.Input:
        """``x[data, 784]: int``."""
        name, spec = children
        if spec is None:
            return tree.Input(name, (), "float", name.span)
        return tree.Input(name, spec.sizes, spec.dtype, _around(name, spec))

    def input_type(self, children: list[Any]) -> ValueSpec:
        """``[data, 784]: int``."""
        sizes, _, dtype = children
        return ValueSpec(sizes.items, _dtype(dtype), _around(*children))

    def scalar_type(self, children: list[Any]) -> ValueSpec:
        """``: int``."""
        return ValueSpec((), _dtype(children[1]), _around(*children))

    def param(self, children: list[Any]) -> tree.Param:
        """``w[K] = init``."""
        name, spec = children
        return tree.Param(name, spec.sizes, spec.init, _around(name, spec))

    def param_type(self, children: list[Any]) -> ParamSpec:
        """``[K] = init``."""
        sizes, init = children
        return ParamSpec(() if sizes is None else sizes.items, init, _around(sizes, init))

    def module(self, children: list[Any]) -> tree.Module:
        """``enc nondiff: [A] -> [B] = nn.Linear(A, B)``."""
        name, flags, _, spec = children
        span = _around(name, spec)
        kept = flags or frozenset()
        return tree.Module(name, kept, spec.arguments, spec.results, spec.default, span)

    def function(self, children: list[Any]) -> tree.Function:
        """``f batched: [A] -> [] = package.name``."""
        name, flags, _, spec = children
        span = _around(name, spec)
        kept = flags or frozenset()
        return tree.Function(name, kept, spec.arguments, spec.results, spec.default, span)

    def flags(self, children: list[Token]) -> frozenset[tree.Flag]:
        """``batched nondiff stateful`` in any order."""
        for token in children:
            if token not in FLAGS:
                raise Mistake(words.unknown_flag(at(token), str(token)))
            if children.count(token) > 1:
                raise Mistake(words.repeated_flag(at(children[-1]), str(token)))
        return frozenset(cast("list[tree.Flag]", [str(token) for token in children]))

    def module_type(self, children: list[Any]) -> CallableSpec:
        """``[A] -> [B] = default``."""
        arguments, results, default = children
        span = Span(arguments[0].span.start, _around(*results, default).end)
        return CallableSpec(frozenset(), arguments, results, default, span)

    function_type = module_type

    def module_entry(self, children: list[Any]) -> CallableSpec:
        """The same with flags before it, as in YAML."""
        flags, _, spec = children
        return cast(CallableSpec, replace(spec, flags=flags or frozenset()))

    function_entry = module_entry

    def types(self, children: list[Type]) -> tuple[Type, ...]:
        """``[A], [B]: int``."""
        return tuple(children)

    def tensor_type(self, children: list[Any]) -> tree.TensorType:
        """``[A]: int``."""
        sizes, _, dtype = children
        return tree.TensorType(sizes.items, _dtype(dtype), _around(*children))

    def tuple_type(self, children: list[Any]) -> tree.TupleType:
        """``([H], [H])``."""
        return tree.TupleType(_present(children[1:-1]), _around(*children))

    def use(self, children: list[Any]) -> tree.Use:
        """``package.module: MyMethod``."""
        return tree.Use(children[0], children[2], _around(*children))

    # --- steps -----------------------------------------------------------------------------------

    def compute(self, children: list[Any]) -> tree.Compute:
        """``a, b = f(x)``."""
        names, value = children
        return tree.Compute(names, value, _around(names[0], value))

    def sample(self, children: list[Any]) -> tree.Sample:
        """``z ~ q with M() using S() in p``."""
        return tree.Sample(*children, span=_around(*children))

    def cost(self, children: list[Any]) -> tree.Cost:
        """``name = expr`` or ``name``."""
        return tree.Cost(children[0], children[1], _around(*children))

    def report(self, children: list[Any]) -> tree.Report:
        """``name = expr`` or ``name``."""
        return tree.Report(children[0], children[1], _around(*children))

    def observe(self, children: list[Any]) -> tree.Observe:
        """``x ~ q`` or ``name = expr ~ q``."""
        name, value, distribution = children
        span = _around(name, distribution)
        return tree.Observe(name, name if value is None else value, distribution, span)

    def loop(self, children: list[Any]) -> tree.For:
        """``t in range(T) from h = h0``."""
        counter, _, bound, *rest = children
        carried = tuple(item for item in rest if isinstance(item, tree.Carried))
        span = _around(counter, *rest)
        return tree.For(counter, bound, carried, (), span, span)

    def carried(self, children: list[Any]) -> tree.Carried:
        """``h = h0``."""
        return tree.Carried(children[0], children[1], _around(*children))

    def stop(self, children: list[Any]) -> tree.StopWhen:
        """``when c``."""
        return tree.StopWhen(children[0], children[0].span)

    def method(self, children: list[Any]) -> tree.Call:
        """``ScoreFunction(n=10)``."""
        return _call(_named(children[0]), children[2:-1], _around(*children))

    def method_choice(self, children: list[Any]) -> tuple[tree.Call, tree.Call | None]:
        """``Expect() using Enumerate()``."""
        return children[0], children[1]

    def names(self, children: list[tree.Name]) -> tuple[tree.Name, ...]:
        """``a, b``."""
        return tuple(children)

    def name(self, children: list[Token]) -> tree.Name:
        """A name that is defined here, or refers to one that is."""
        name = _named(children[0])
        if name.id == "alive":
            raise Mistake(words.reserved_word(name.span, name.id))
        if name.id.startswith("_"):
            raise Mistake(words.leading_underscore(name.span, name.id))
        return name

    def path(self, children: list[Token]) -> tree.Name:
        """``package.module.name``."""
        parts = [_named(token).id for token in children]
        return tree.Name(".".join(parts), _around(*children))

    # --- expressions -----------------------------------------------------------------------------

    def variable(self, children: list[Token]) -> tree.Name:
        """``x``."""
        return _named(children[0])

    def number(self, children: list[Token]) -> tree.Number:
        """``3``, ``1_000``, ``.5``, ``1e-3``."""
        text = str(children[0]).replace("_", "")
        value = int(text) if text.isdigit() and len(text) < 30 else float(text)
        if math.isinf(value) or (text.isdigit() and value >= 2**63):
            raise Mistake(words.number_too_large(at(children[0])))
        return tree.Number(value, at(children[0]))

    def constant(self, children: list[Token]) -> tree.Constant:
        """``true false none inf pi``."""
        return tree.Constant(cast(Any, str(children[0])), at(children[0]))

    def text(self, children: list[Token]) -> tree.Text:
        """``"ij,j->i"``."""
        span = at(children[0])

        def plain(match: re.Match[str]) -> str:
            if match[1] in _ESCAPES:
                return _ESCAPES[match[1]]
            place = span.start + 1 + match.start()
            raise Mistake(words.unknown_escape(Span(place, place + 2), match[0]))

        return tree.Text(_ESCAPE.sub(plain, str(children[0])[1:-1]), span)

    def unary(self, children: list[Any]) -> tree.Unary:
        """``-x``."""
        return tree.Unary(cast(Any, str(children[0])), children[1], _around(*children))

    def binary(self, children: list[Any]) -> tree.Binary:
        """``a + b``."""
        left, operator, right = children
        return tree.Binary(str(operator), left, right, Span(left.span.start, right.span.end))

    def conditional(self, children: list[Any]) -> tree.Conditional:
        """``a if c else b``."""
        return tree.Conditional(*children, span=_around(*children))

    def group(self, children: list[Any]) -> Any:
        """``(a)``: the value itself, its place with the parentheses."""
        return replace(children[1], span=_around(*children))

    def call(self, children: list[Any]) -> tree.Call:
        """``f(x, dim=1)``."""
        function = _callee(children[0])
        return _call(function, children[2:-1], _around(function, children[-1]))

    def keyword(self, children: list[Any]) -> tree.Keyword:
        """``dim=1``."""
        return tree.Keyword(_named(children[0]), children[1], _around(*children))

    def index(self, children: list[Any]) -> tree.Index:
        """``z[0, 1:3]``."""
        return tree.Index(children[0], _present(children[2:-1]), _around(*children))

    def attribute(self, children: list[Any]) -> tree.Attribute:
        """``q.probs``."""
        return tree.Attribute(children[0], _named(children[1]), _around(*children))

    def list(self, children: list[Any]) -> tree.ListOf:
        """``[a, b]``."""
        return tree.ListOf(_present(children[1:-1]), _around(*children))

    def slice(self, children: list[Any]) -> tree.Slice:
        """``1:3``; of the children the colons are the second and the fourth."""
        start, _, stop, _, step = children
        return tree.Slice(start, stop, step, _around(*children))

    def dots(self, children: list[Token]) -> tree.Dots:
        """``...``."""
        return tree.Dots(at(children[0]))


def _dtype(token: Token | None) -> tree.Dtype:
    if token is None:
        return "float"
    if token not in DTYPES:
        raise Mistake(words.unknown_dtype(at(token), str(token)))
    return cast(tree.Dtype, str(token))


def _callee(value: tree.Expression) -> tree.Name:
    """The name that is called; ``nn.Linear`` is a single dotted one."""
    parts: list[str] = []
    inner = value
    while isinstance(inner, tree.Attribute):
        parts.append(inner.name.id)
        inner = inner.value
    if not isinstance(inner, tree.Name):
        raise Mistake(words.call_of_value(value.span))
    return tree.Name(".".join([inner.id, *reversed(parts)]), value.span)


def _call(function: tree.Name, arguments: list[Any], span: Span) -> tree.Call:
    given = _present(arguments)
    keywords = tuple(item for item in given if isinstance(item, tree.Keyword))
    args = given[: len(given) - len(keywords)]
    seen: dict[str, Span] = {}
    for item in given:
        if isinstance(item, tree.Keyword):
            if item.name.id in seen:
                place = item.name.span
                raise Mistake(words.repeated_argument(place, item.name.id, seen[item.name.id]))
            seen[item.name.id] = item.name.span
        elif seen:
            raise Mistake(words.positional_after_keyword(item.span))
    return tree.Call(function, args, keywords, span)
