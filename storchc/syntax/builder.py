"""Builds statements while the parser runs: one method for each rule of the grammar.

The parser calls these as it reduces, so nothing here recurses, however deep the text nests.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, cast

from storchc.diagnostics import syntax as words
from storchc.ir.types import Dtype, Flag
from storchc.source import Span
from storchc.syntax import tree
from storchc.syntax.expressions import Expressions, Mistake, around, call_of, named, present
from storchc.syntax.flags import DISTRIBUTION_FLAGS, FLAGS, FUNCTION_FLAGS, MODULE_FLAGS
from storchc.syntax.lalr import Token

DTYPES = ("float", "int", "bool")


@dataclass(frozen=True, slots=True)
class Title:
    """``story Name``."""

    name: tree.Name
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ValueSpec:
    """What follows the name of an input: ``[data, 784]: float``."""

    sizes: tuple[tree.Expression, ...]
    dtype: Dtype
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

    flags: frozenset[Flag]
    arguments: tuple[Type, ...]
    results: tuple[Type, ...]
    default: Any
    span: Span


class Builder(Expressions):
    """All callbacks of the parser."""

    # --- lines -----------------------------------------------------------------------------------

    def statement(self, children: list[Any]) -> Any:
        """A keyword and the rest of its line."""
        keyword, node, *_ = children
        if isinstance(node, tree.For):
            span = around(keyword, children[2])
            return replace(node, header=span, span=span)
        return replace(node, span=keyword.span.to(node.span))

    def title(self, children: list[Any]) -> Title:
        """``Name``."""
        return Title(children[0], children[0].span)

    # --- declarations ----------------------------------------------------------------------------

    def dim(self, children: list[Any]) -> tree.Dim:
        """``K = 2`` or ``K``."""
        return tree.Dim(children[0], children[1], around(*children))

    def plate(self, children: list[Any]) -> tree.Plate:
        """``sites sum`` or ``data``."""
        name, reduction = children
        if reduction is None:
            return tree.Plate(name, "mean", name.span)
        if reduction.text != "sum":
            raise Mistake(words.unknown_reduction(reduction.span, reduction.text))
        return tree.Plate(name, "sum", around(name, reduction))

    def input(self, children: list[Any]) -> tree.Input:
        """``x[data, 784]: int``."""
        name, spec = children
        if spec is None:
            return tree.Input(name, (), "float", name.span)
        return tree.Input(name, spec.sizes, spec.dtype, around(name, spec))

    def input_type(self, children: list[Any]) -> ValueSpec:
        """``[data, 784]: int``."""
        sizes, _, dtype = children
        return ValueSpec(sizes.items, _dtype(dtype), around(*children))

    def scalar_type(self, children: list[Any]) -> ValueSpec:
        """``: int``."""
        return ValueSpec((), _dtype(children[1]), around(*children))

    def param(self, children: list[Any]) -> tree.Param:
        """``w[K] = init``."""
        name, spec = children
        return tree.Param(name, spec.sizes, spec.init, around(name, spec))

    def param_type(self, children: list[Any]) -> ParamSpec:
        """``[K] = init``."""
        sizes, init = children
        return ParamSpec(() if sizes is None else sizes.items, init, around(sizes, init))

    def module(self, children: list[Any]) -> tree.Module:
        """``enc nondiff: [A] -> [B] = nn.Linear(A, B)``."""
        name, tokens, _, spec = children
        span, flags = around(name, spec), _flags(tokens, "module", MODULE_FLAGS)
        return tree.Module(name, flags, spec.arguments, spec.results, spec.default, span)

    def function(self, children: list[Any]) -> tree.Function:
        """``f batched: [A] -> [] = package.name``."""
        name, tokens, _, spec = children
        span, flags = around(name, spec), _flags(tokens, "function", FUNCTION_FLAGS)
        return tree.Function(name, flags, spec.arguments, spec.results, spec.default, span)

    def distribution(self, children: list[Any]) -> tree.Declared:
        """``policy discrete: [P]: int -> [T]: int``."""
        name, tokens, _, spec = children
        span, flags = around(name, spec), _flags(tokens, "distribution", DISTRIBUTION_FLAGS)
        return tree.Declared(name, flags, spec.arguments, spec.results, span)

    def flags(self, children: list[Token]) -> list[Token]:
        """``batched nondiff stateful`` in any order."""
        return children

    def module_type(self, children: list[Any]) -> CallableSpec:
        """``[A] -> [B] = default``."""
        arguments, results, default = children
        span = Span(arguments[0].span.start, around(*results, default).end)
        return CallableSpec(frozenset(), arguments, results, default, span)

    function_type = module_type

    def module_entry(self, children: list[Any]) -> CallableSpec:
        """The same with flags before it, as in YAML."""
        tokens, _, spec = children
        return cast(CallableSpec, replace(spec, flags=_flags(tokens, "module", MODULE_FLAGS)))

    def function_entry(self, children: list[Any]) -> CallableSpec:
        """The same of a function."""
        tokens, _, spec = children
        return cast(CallableSpec, replace(spec, flags=_flags(tokens, "function", FUNCTION_FLAGS)))

    def distribution_type(self, children: list[Any]) -> CallableSpec:
        """``[A] -> [B]``, or ``-> [B]``."""
        arguments, results = children
        ends = (*(arguments or ()), *results)
        return CallableSpec(frozenset(), arguments or (), results, None, around(*ends))

    def distribution_entry(self, children: list[Any]) -> CallableSpec:
        """The same with flags before it, as in YAML."""
        tokens, _, spec = children
        flags = _flags(tokens, "distribution", DISTRIBUTION_FLAGS)
        return cast(CallableSpec, replace(spec, flags=flags))

    def types(self, children: list[Type]) -> tuple[Type, ...]:
        """``[A], [B]: int``."""
        return tuple(children)

    def tensor_type(self, children: list[Any]) -> tree.TensorType:
        """``[A]: int``."""
        sizes, _, dtype = children
        return tree.TensorType(sizes.items, _dtype(dtype), around(*children))

    def tuple_type(self, children: list[Any]) -> tree.TupleType:
        """``([H], [H])``."""
        return tree.TupleType(present(children[1:-1]), around(*children))

    def use(self, children: list[Any]) -> tree.Use:
        """``package.module: MyMethod``."""
        return tree.Use(children[0], children[2], around(*children))

    # --- steps -----------------------------------------------------------------------------------

    def compute(self, children: list[Any]) -> tree.Compute:
        """``a, b = f(x)``."""
        names, value = children
        return tree.Compute(names, value, around(names[0], value))

    def sample(self, children: list[Any]) -> tree.Sample:
        """``z ~ q each data with M() using S() in p``."""
        name, distribution, each, method, sampler, plate = children
        each = () if each is None else each
        span = around(name, distribution, *each, method, sampler, plate)
        return tree.Sample(name, distribution, each, method, sampler, plate, span)

    def cost(self, children: list[Any]) -> tree.Cost:
        """``name = expr`` or ``name``."""
        return tree.Cost(children[0], children[1], around(*children))

    def report(self, children: list[Any]) -> tree.Report:
        """``name = expr`` or ``name``."""
        return tree.Report(children[0], children[1], around(*children))

    def observe(self, children: list[Any]) -> tree.Observe:
        """``x ~ q`` or ``name = expr ~ q``."""
        name, value, distribution = children
        span = around(name, distribution)
        return tree.Observe(name, name if value is None else value, distribution, span)

    def loop(self, children: list[Any]) -> tree.For:
        """``t in range(T) from h = h0``."""
        counter, _, bound, *rest = children
        carried = tuple(item for item in rest if isinstance(item, tree.Carried))
        span = around(counter, *rest)
        return tree.For(counter, bound, carried, (), span, span)

    def carried(self, children: list[Any]) -> tree.Carried:
        """``h = h0``."""
        return tree.Carried(children[0], children[1], around(*children))

    def stop(self, children: list[Any]) -> tree.StopWhen:
        """``when c``."""
        return tree.StopWhen(children[0], children[0].span)

    def method(self, children: list[Any]) -> tree.Call:
        """``ScoreFunction(n=10)``."""
        return call_of(named(children[0]), children[2:-1], around(*children))

    def method_choice(self, children: list[Any]) -> tuple[tree.Call, tree.Call | None]:
        """``Expect() using Enumerate()``."""
        return children[0], children[1]

    def names(self, children: list[tree.Name]) -> tuple[tree.Name, ...]:
        """``a, b``."""
        return tuple(children)

    def name(self, children: list[Token]) -> tree.Name:
        """A name that is defined here, or refers to one that is."""
        name = named(children[0])
        if name.id == "alive":
            raise Mistake(words.reserved_word(name.span, name.id))
        if name.id.startswith("_"):
            raise Mistake(words.leading_underscore(name.span, name.id))
        return name

    def path(self, children: list[Token]) -> tree.Name:
        """``package.module.name``."""
        parts = [named(token).id for token in children]
        return tree.Name(".".join(parts), around(*children))


def _flags(tokens: list[Token] | None, kind: str, known: tuple[Flag, ...]) -> frozenset[Flag]:
    """The flags of a declaration, each once."""
    flags: list[str] = []
    for token in tokens or ():
        if token.text not in FLAGS:
            raise Mistake(words.unknown_flag(token.span, token.text, kind, known))
        if token.text not in known:
            raise Mistake(words.flag_elsewhere(token.span, token.text, kind, known))
        if token.text in flags:
            raise Mistake(words.repeated_flag(token.span, token.text))
        flags.append(token.text)
    return frozenset(cast("list[Flag]", flags))


def _dtype(token: Token | None) -> Dtype:
    if token is None:
        return "float"
    if token.text not in DTYPES:
        raise Mistake(words.unknown_dtype(token.span, token.text))
    return cast(Dtype, token.text)
