"""Where a gradient must flow back, and where it is broken on the way (LOSS.md §7).

Demands run backwards: a value that reaches a cost, or the parameters of a sample whose gradient
lives in its log-probability or weights, must be reached by a smooth path. A value's demand lists
the places that break such a path; an empty list means that every path is differentiable.
"""

from __future__ import annotations

from collections.abc import Mapping

from storchc.analysis.dataflow import Memory, Push, Weights
from storchc.analysis.facts.edges import edges
from storchc.ir.expression import CallUser, Distribution, Named, OverPlates, Reference, Value
from storchc.ir.nodes import Callee
from storchc.records import dataclass
from storchc.source import Span


@dataclass(frozen=True, slots=True)
class Break:
    """A place on a path through which no gradient flows, and why."""

    span: Span
    reason: str


Demand = tuple[Break, ...]
SMOOTH: Demand = ()


@dataclass(frozen=True, slots=True)
class Demands:
    """What is asked of the samples of a story; of those that reach nothing, nothing.

    ``weights`` is what reductions with ``over=`` ask of the weights of a sample's plate.
    """

    of: Mapping[str, Demand]
    weights: Mapping[str, Demand]


def ask(
    value: Value | Distribution,
    demand: Demand,
    push: Push[Demand],
    callees: Mapping[str, Callee],
) -> None:
    """Ask ``value`` to carry a gradient back to all that it is made of."""
    if isinstance(value, Reference | Named):
        push(value.name, demand)
        return
    if isinstance(value, OverPlates):
        for plate in value.plates:
            push(Weights(plate), demand)
    if isinstance(value, CallUser) and "stateful" in callees[value.callee].flags:
        push(Memory(value.callee), _through(value, demand, callees))
    ask_operands(value, demand, push, callees)


def ask_operands(
    value: Value | Distribution,
    demand: Demand,
    push: Push[Demand],
    callees: Mapping[str, Callee],
) -> None:
    """Ask the operands of ``value``, by what its edges let through."""
    for edge in edges(value, callees):
        if edge.flow == "broken":
            ask(edge.operand, join(demand, (Break(edge.span, edge.reason),)), push, callees)
        elif edge.flow == "smooth":
            ask(edge.operand, demand, push, callees)


def _through(call: CallUser, demand: Demand, callees: Mapping[str, Callee]) -> Demand:
    """What is asked of what a function has in mind: no gradient flows out of a `nondiff` one."""
    if "nondiff" not in callees[call.callee].flags:
        return demand
    return join(demand, (Break(call.span, f"`{call.callee}` is declared `nondiff`"),))


_MOST_BREAKS = 4  # enough to explain; keeps long stories linear


def join(a: Demand, b: Demand) -> Demand:
    """Both demands: a path broken in either is broken."""
    if not b or a == b:
        return a
    return (a + tuple(x for x in b if x not in a))[:_MOST_BREAKS]
