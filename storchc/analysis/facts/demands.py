"""Where a gradient must flow back, and where it is broken on the way (LOSS.md §7).

Demands run backwards: a value that reaches a cost, or the parameters of a sample whose gradient
lives in its log-probability or weights, must be reached by a smooth path. A value's demand lists
the places that break such a path; an empty list means that every path is differentiable. A choice
whose sides agree where its condition changes breaks none, and neither does a place of which the
story says by `continuous` that the value does not jump there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from storchc.analysis.dataflow import Memory, Push, Weights
from storchc.analysis.facts.edges import CREDITLESS, Edge, edges
from storchc.analysis.facts.smoothness import BROKEN, CONTINUOUS, Uneven, steps
from storchc.analysis.facts.smoothness import SMOOTH as EVEN
from storchc.catalogue import functions
from storchc.catalogue.function import Smoothness
from storchc.ir.expression import (
    Apply,
    CallUser,
    Distribution,
    Divergence,
    Entropy,
    LogProb,
    Named,
    OverPlates,
    Reference,
    Value,
)
from storchc.ir.nodes import Callee
from storchc.records import dataclass
from storchc.source import Span


@dataclass(frozen=True, slots=True)
class Break:
    """A place on a path through which no gradient flows, and why.

    ``jumps``: because values jump there, so that `continuous` would be a mend.
    """

    span: Span
    reason: str
    jumps: bool = False


@dataclass(frozen=True, slots=True)
class Demand:
    """What is asked of a value: ``breaks`` are where paths to the costs are broken.

    ``said``: every path goes through `continuous`, which says that places where values jump do not
    break it.
    """

    breaks: tuple[Break, ...] = ()
    said: bool = False

    def __bool__(self) -> bool:
        """Whether some path is broken."""
        return bool(self.breaks)

    def broken(self, span: Span, reason: str, *, jumps: bool = False) -> Demand:
        """The same of what comes before a place where no gradient flows."""
        return join(self, Demand((Break(span, reason, jumps),), self.said))


SMOOTH = Demand()


@dataclass(frozen=True, slots=True)
class Demands:
    """What is asked of the samples of a story; of those that reach nothing, nothing.

    ``weights`` is what reductions with ``over=`` ask of the weights of a sample's plate.
    """

    of: Mapping[str, Demand]
    weights: Mapping[str, Demand]


@dataclass(frozen=True, slots=True)
class Asking:
    """How values are asked to carry a gradient back to all that they are made of.

    ``agreed`` are the choices whose sides agree where the condition changes, by identity;
    ``uneven`` says where values jump that hand a gradient on, once that is known.
    """

    callees: Mapping[str, Callee]
    agreed: frozenset[int]
    uneven: Uneven | None

    def ask(self, value: Value | Distribution, demand: Demand, push: Push[Demand]) -> None:
        """Ask ``value``, and what it is made of."""
        if isinstance(value, Reference | Named):
            push(value.name, demand)
            return
        if isinstance(value, OverPlates):
            for plate in value.plates:
                push(Weights(plate), demand)
        if isinstance(value, CallUser) and "stateful" in self.callees[value.callee].flags:
            push(Memory(value.callee), self._remembered(value, demand))
        self.ask_operands(value, demand, push)

    def ask_operands(self, value: Value | Distribution, demand: Demand, push: Push[Demand]) -> None:
        """Ask the operands of ``value``, by what its edges let through."""
        said = isinstance(value, Apply) and value.function == CONTINUOUS
        for position, edge in enumerate(edges(value, self.callees)):
            if edge.flow in CREDITLESS:
                continue
            if edge.flow == "smooth":
                kind = EVEN if self.uneven is None else self.uneven.kind(value, position)
                hidden = kind in BROKEN and not demand.said
                asked = _jumping(value, edge, kind, demand) if hidden else demand
                no_jump = said or id(edge.operand) in self.agreed
                self.ask(edge.operand, replace(asked, said=True) if no_jump else asked, push)
            elif id(value) in self.agreed and isinstance(value, Apply):
                self._ask_agreed(value, demand, push)
            elif demand.said and isinstance(value, Apply) and steps(value, position):
                self.ask(edge.operand, demand, push)
            else:
                jumps = isinstance(value, Apply) and steps(value, position)
                broken = demand.broken(edge.span, edge.reason, jumps=jumps)
                self.ask(edge.operand, broken, push)

    def _ask_agreed(self, choice: Apply, demand: Demand, push: Push[Demand]) -> None:
        """The comparison of a choice is no place where a path breaks; what it compares may be."""
        said = replace(demand, said=True)
        self.ask(choice.operands[0], said, push)

    def _remembered(self, call: CallUser, demand: Demand) -> Demand:
        """What is asked of what a function has in mind: no gradient flows out of `nondiff` ones."""
        if "nondiff" not in self.callees[call.callee].flags:
            return demand
        return demand.broken(call.span, f"`{call.callee}` is declared `nondiff`")


def _jumping(value: Value | Distribution, edge: Edge, kind: Smoothness, demand: Demand) -> Demand:
    """What is asked of what comes before a jump that hands a gradient on."""
    reason = "a layer jumps"
    match value:
        case Apply():
            row = functions.row(value.function)
            does = "has a pole" if kind == "pole" else "jumps"
            reason = f"`{row.symbol or row.name}` {does}, where the gradient misses a part"
        case LogProb(distribution) | Entropy(distribution):
            does = "has a pole" if kind == "pole" else "ends"
            reason = f"the density of `{distribution.type.family}` {does} within reach"
        case Divergence():
            reason = "the divergence becomes infinite within reach"
    return demand.broken(edge.span, reason, jumps=True)


_MOST_BREAKS = 4  # enough to explain; keeps long stories linear


def join(a: Demand, b: Demand) -> Demand:
    """Both demands: a path broken in either is broken."""
    if a == b:
        return a
    breaks = a.breaks + tuple(x for x in b.breaks if x not in a.breaks)
    return Demand(breaks[:_MOST_BREAKS], a.said and b.said)
