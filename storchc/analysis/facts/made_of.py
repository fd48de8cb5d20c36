"""Which expressions are made of a certain part, wherever in them that stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field

from storchc.analysis.dataflow import Flow, Known, Spreading, Statement, Variable, forwards
from storchc.analysis.facts.places import Places
from storchc.ir.expression import Construct, Distribution, Named, Reference, Value
from storchc.ir.nodes import Carried, Compute, Cost, Report, Sample
from storchc.ir.walk import children, expressions
from storchc.records import dataclass

Part = Callable[[Value], bool]


def made_of(flow: Flow, part: Part) -> Places[bool]:
    """Whether each expression of a story is made of the part; names hand it on, samples too."""
    walk = _Walk(part)
    forwards(flow, walk, {})
    return Places(walk.places)


@dataclass(slots=True)
class _Walk(Spreading):
    """What is found on the way."""

    part: Part
    places: dict[int, bool] = field(default_factory=dict)

    def statement(self, node: Statement, known: Known[bool]) -> Mapping[Variable, bool]:
        """See `Forward.statement`."""
        made = any([self._made(value, known) for value in expressions(node)])
        match node:
            case Compute(names):
                return dict.fromkeys(names, made)
            case Sample(name):
                return {name: made}
            case Cost(name, _, observed):
                return {} if observed else {name: made}
            case Report():
                return {}

    def _made(self, value: Value | Distribution, known: Known[bool]) -> bool:
        made = any([self._made(operand, known) for operand in children(value)])
        if isinstance(value, Reference | Named):
            made = known(value.name)
        elif not made and not isinstance(value, Construct):
            made = self.part(value)
        self.places[id(value)] = made
        return made

    def initial(self, carried: Carried, known: Known[bool]) -> Mapping[Variable, bool]:
        """See `Forward.initial`."""
        return {carried.name: self._made(carried.initial, known)}
