"""The types that carried variables have at the start of every step, and which elements may stop.

A step takes what the one before it has left, so that plates go round, and an integer becomes a
number. Every part of a nest of loops is a rule: the types that it defines, from those that it
reads. A rule is applied again when a type that it reads has grown. A type has finitely many plates
and becomes a float once, so this ends; and what does not grow is read no second time.

What is wrong is of no interest here: the loop is read once more, with the types that are found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from storchc.diagnostics.diagnostic import Problems
from storchc.fixpoint import ranked, settle
from storchc.ir import nodes
from storchc.ir.names import alive_of
from storchc.ir.types import DistributionType, Plates, ValueType
from storchc.records import dataclass
from storchc.syntax import tree
from storchc.syntax.walk import names
from storchc.typing import expressions, stopping
from storchc.typing.context import Context
from storchc.typing.names import values_of
from storchc.typing.places import ALIVE, behind, enter, stop_of

Reader = Callable[[Context, tree.Step], nodes.Node | None]
Type = ValueType | DistributionType | None


@dataclass(slots=True)
class _Rule:
    """A part of a loop at its place: ``defines`` get their types from those of ``reads``.

    A carried variable stands for what it is before the first step, a loop for who is alive then.
    """

    ctx: Context
    part: tree.Step | tree.Carried
    defines: tuple[str, ...]
    reads: frozenset[str]


def grown(ctx: Context, node: tree.For, read: Reader) -> dict[str, ValueType]:
    """The types of what the loops of a nest carry; ``read`` reads a step."""
    own = replace(ctx.loops, home=dict(ctx.loops.home))
    apart = replace(ctx, problems=Problems(), growing=True, types=dict(ctx.types), loops=own)
    rules = list(_rules(apart, node))
    _settle(rules, read)
    carried = (n for r in rules if isinstance(r.part, tree.Carried | tree.For) for n in r.defines)
    found = ((name, apart.types[name]) for name in carried)
    return {name: type_ for name, type_ in found if isinstance(type_, ValueType)}


def joined(old: ValueType | None, new: ValueType | None) -> ValueType | None:
    """The type that fits both: all plates, float where one is int; None where there is none."""
    if old is None or new is None or old.shape != new.shape:
        return None
    if old.dtype != new.dtype and {old.dtype, new.dtype} != {"int", "float"}:
        return None
    dtype = old.dtype if old.dtype == new.dtype else "float"
    return ValueType(old.plates | new.plates, old.shape, dtype)


# --- the rules -----------------------------------------------------------------------------------


def _rules(ctx: Context, node: tree.For) -> Iterator[_Rule]:
    """Those of a loop in the order of the story."""
    inner = enter(ctx, node)
    if stop_of(node) is not None:
        yield _rule(ctx, node, (alive_of(inner.place.inside[-1]),), ())
    for carried in node.carried:
        inner.define(carried.name, None)
        yield _rule(ctx, carried, (carried.name.id,), names(carried.value))
    for step in node.body:
        match step:
            case tree.For():
                yield from _rules(inner, step)
                inner = replace(inner, place=behind(inner, step))
            case tree.StopWhen():
                assert inner.place.alive is not None
                yield _rule(inner, step, (inner.place.alive,), names(step))
            case _:
                yield _rule(inner, step, tuple(n.id for n in values_of(step)), names(step))


def _rule(
    ctx: Context,
    part: tree.Step | tree.Carried,
    defines: tuple[str, ...],
    read: Iterable[tree.Name],
) -> _Rule:
    """A rule; what is defined where elements stop has the plates of those that are alive."""
    reads = {name.id for name in read}
    known = (ctx.place.alive, ctx.place.ended if "alive" in reads else None)
    return _Rule(ctx, part, defines, frozenset(reads.union(n for n in known if n is not None)))


# --- applying them -------------------------------------------------------------------------------


def _settle(rules: list[_Rule], read: Reader) -> None:
    """Apply rules until no type grows."""
    readers: dict[str, list[int]] = {}
    for number, rule in enumerate(rules):
        for name in rule.reads:
            readers.setdefault(name, []).append(number)
    following = [[n for name in rule.defines for n in readers.get(name, ())] for rule in rules]

    def visit(number: int) -> Iterator[int]:
        for name in _apply(rules[number], read):
            yield from readers.get(name, ())

    order = range(len(rules))
    settle(order, ranked(following, order), visit)


def _apply(rule: _Rule, read: Reader) -> list[str]:
    """The names of which a type has grown."""
    types, opened = rule.ctx.types, rule.ctx.opened
    before = [(types.get(name), opened.get(name)) for name in rule.defines]
    _read(rule, read)
    for name, (type_, plates) in zip(rule.defines, before, strict=True):
        types[name] = _grown(type_, types.get(name))
        if name in opened:
            opened[name] = _opened(plates, opened[name])
    after = [(types[name], opened.get(name)) for name in rule.defines]
    return [n for n, old, new in zip(rule.defines, before, after, strict=True) if old != new]


def _read(rule: _Rule, read: Reader) -> None:
    """Read a part with the types that are known by now."""
    ctx, part = rule.ctx, rule.part
    match part:
        case tree.For():
            (alive,) = rule.defines
            ctx.types[alive] = replace(ALIVE, plates=stopping.plates_of_alive(ctx))
        case tree.Carried():
            value = expressions.value(ctx, part.value)
            ctx.types[part.name.id] = None if value is None else value.type
        case tree.StopWhen():
            (alive,) = rule.defines
            stop = stopping.read_stop(ctx, part)
            if stop is not None:
                ctx.types[alive] = replace(ALIVE, plates=stop.condition.type.plates)
        case _:
            read(ctx, part)
            stopping.hold(ctx, part)


def _grown(old: Type, new: Type) -> Type:
    """What is known of a type by now; nothing is lost when a part is wrong."""
    if isinstance(old, ValueType) and isinstance(new, ValueType):
        return joined(old, new) or old
    return old if new is None else new


def _opened(old: Plates | None, new: Plates | None) -> Plates | None:
    return old if new is None else new if old is None else old | new
