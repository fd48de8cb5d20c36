"""Walking typed expressions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import EllipsisType
from typing import assert_never

from storchc.ir.expression import (
    AlongSteps,
    Apply,
    CallUser,
    Construct,
    Counter,
    Distribution,
    Divergence,
    Entropy,
    Evidence,
    Expected,
    Extent,
    Literal,
    LogProb,
    Named,
    OverPlates,
    Property,
    Range,
    Reference,
    Renamed,
    Select,
    SequenceOf,
    StaticChoice,
    SummedOut,
    Value,
)
from storchc.ir.nodes import Compute, Cost, Loop, Node, Report, Sample


def children(expression: Value | Distribution) -> tuple[Value | Distribution, ...]:
    """The operands of ``expression``, in order."""
    match expression:
        case Apply(operands=operands):
            return operands
        case Literal() | Extent() | Reference() | Counter() | Named():  # most of a story
            return ()
        case Select(value, items, _, _):
            return (value, *(i for i in items if not isinstance(i, int | Range | EllipsisType)))
        case (
            OverPlates(value=value)
            | SequenceOf(value)
            | Expected(value=value)
            | Renamed(value=value)
            | SummedOut(value=value)
            | AlongSteps(value=value)
        ):
            return (value,)
        case CallUser(_, arguments, _, _, _):
            return tuple(v for a in arguments for v in (a if isinstance(a, tuple) else (a,)))
        case Construct(_, parameters, _, _):
            return tuple(value for _, value in parameters)
        case LogProb(distribution, value, _, _):
            return distribution, value
        case Divergence(left, right, _, _):
            return left, right
        case Entropy(distribution, _, _) | Property(distribution, _, _, _):
            return (distribution,)
        case Evidence():
            return expression.parts
        case StaticChoice(condition, then, otherwise, _, _):
            return condition, then, otherwise
        case _:
            assert_never(expression)


def walk(expression: Value | Distribution) -> Iterator[Value | Distribution]:
    """``expression`` and everything in it, outermost first."""
    yield expression
    for child in children(expression):
        yield from walk(child)


def nodes_in(nodes: Iterable[Node]) -> Iterator[Node]:
    """Statements in order, and behind each loop those of its body."""
    for node in nodes:
        yield node
        if isinstance(node, Loop):
            yield from nodes_in(node.body)


def expressions(node: Node) -> tuple[Value | Distribution, ...]:
    """The expressions that a statement holds, options of its method included."""
    match node:
        case Compute() | Cost() | Report():
            return (node.value,)
        case Sample():
            choices = [c for c in (node.method, node.sampler) if c is not None]
            masks = () if node.mask is None else (node.mask,)
            return (node.distribution, *(v for c in choices for v in c.values.values()), *masks)
        case Loop():  # of the header alone: the body has nodes of its own
            return tuple(carried.initial for carried in node.carried)
