"""The names that statements are made of which matter: costs, reports, and what leads to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import assert_never

from storchc.analysis.dataflow import Flow, Push, Statement, Variable, Wanting, backwards, names_in
from storchc.ir.expression import Distribution, Value
from storchc.ir.graph import Carried, Compute, Cost, Report, Sample
from storchc.ir.walk import expressions
from storchc.records import dataclass


def used(flow: Flow) -> frozenset[str]:
    """The names that something uses which is paid or shown, in whatever way."""
    walk = _Backwards()
    backwards(flow, walk)
    return frozenset(walk.names)


@dataclass(slots=True)
class _Backwards(Wanting):
    """A name is asked True, or it is not asked at all."""

    names: set[str] = field(default_factory=set)

    def statement(
        self, node: Statement, asked: Callable[[Variable], bool | None], push: Push[bool]
    ) -> None:
        """See `Backward.statement`."""
        match node:
            case Compute(names) if not any(map(asked, names)):
                return
            case Sample(name) if not asked(name):
                return
            case Compute() | Sample() | Cost() | Report():
                self._use(expressions(node), push)
            case _:
                assert_never(node)

    def initial(self, carried: Carried, asked: bool, push: Push[bool]) -> None:
        """See `Backward.initial`."""
        self._use((carried.initial,), push)

    def _use(self, values: tuple[Value | Distribution, ...], push: Push[bool]) -> None:
        for name in (v for v in names_in(values) if isinstance(v, str)):
            self.names.add(name)
            push(name, True)
