"""The tables of a story: its nodes by kind and by name, each made once, when first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from storchc.ir.alike import key
from storchc.ir.expression import Construct, Distribution, LogProb, Named, Reference, Value
from storchc.ir.nodes import (
    Compute,
    Cost,
    DataPlate,
    Input,
    Loop,
    Node,
    Param,
    Report,
    Sample,
    Stop,
)
from storchc.ir.types import Plates
from storchc.ir.walk import expressions, nodes_in, walk


class Index:
    """Tables of nodes in story order, of plates in the order of opening, of loops."""

    nodes: tuple[Node, ...]
    data_plates: Mapping[str, DataPlate]
    inputs: tuple[Input, ...]
    params: tuple[Param, ...]
    sample_plates: tuple[str, ...]
    loop_names: tuple[str, ...]

    @cached_property
    def all_nodes(self) -> tuple[Node, ...]:
        """Every node in story order, those of a loop's body behind the loop itself."""
        return tuple(nodes_in(self.nodes)) if self.loop_names else self.nodes

    @cached_property
    def parts(self) -> tuple[Value | Distribution, ...]:
        """Every expression of every node, and all that is in it, in story order."""
        return tuple(e for n in self.all_nodes for root in expressions(n) for e in walk(root))

    @cached_property
    def loops(self) -> tuple[Loop, ...]:
        """The loops in story order, outer before inner."""
        return tuple(n for n in self.all_nodes if isinstance(n, Loop)) if self.loop_names else ()

    @cached_property
    def stops(self) -> tuple[Stop, ...]:
        """The conditions by which loops end for some elements, as the story writes them."""
        return tuple(loop.stop for loop in self.loops if loop.stop is not None)

    @cached_property
    def carried(self) -> frozenset[str]:
        """The names that loops carry from step to step."""
        return frozenset(c.name for loop in self.loops for c in loop.carried)

    @cached_property
    def samples(self) -> tuple[Sample, ...]:
        """The stochastic nodes in story order."""
        return tuple(n for n in self.all_nodes if isinstance(n, Sample))

    @cached_property
    def costs(self) -> tuple[Cost, ...]:
        """The costs in story order."""
        return tuple(n for n in self.all_nodes if isinstance(n, Cost))

    @cached_property
    def reports(self) -> tuple[Report, ...]:
        """The reports in story order."""
        return tuple(n for n in self.all_nodes if isinstance(n, Report))

    @cached_property
    def input_by_name(self) -> Mapping[str, Input]:
        """Every input by its name."""
        return {item.name: item for item in self.inputs}

    @cached_property
    def param_by_name(self) -> Mapping[str, Param]:
        """Every param by its name."""
        return {item.name: item for item in self.params}

    @cached_property
    def loop_by_name(self) -> Mapping[str, Loop]:
        """Every loop by its name."""
        return {loop.name: loop for loop in self.loops}

    @cached_property
    def sample_by_name(self) -> Mapping[str, Sample]:
        """Every stochastic node by its name, in story order."""
        return {sample.name: sample for sample in self.samples}

    @cached_property
    def _ranks(self) -> Mapping[str, int]:
        """Where each plate stands in memory order."""
        every = (*self.loop_names, *reversed(self.sample_plates), *self.data_plates)
        return {plate: rank for rank, plate in enumerate(every)}

    @cached_property
    def _along(self) -> Mapping[str, tuple[Sample, ...]]:
        found: dict[str, list[Sample]] = {}
        for sample in self.samples:
            found.setdefault(sample.plate, []).append(sample)
        return {plate: tuple(samples) for plate, samples in found.items()}

    @cached_property
    def cost_by_name(self) -> Mapping[str, Cost]:
        """Every cost by its name, in story order."""
        return {cost.name: cost for cost in self.costs}

    @cached_property
    def parts_of_costs(self) -> Mapping[str, tuple[Cost, ...]]:
        """The costs of the story by its names for them, each with what it is the sum of."""
        found: dict[str, list[Cost]] = {}
        for cost in self.costs:
            found.setdefault(cost.stated, []).append(cost)
        return {name: tuple(parts) for name, parts in found.items()}

    @cached_property
    def report_by_name(self) -> Mapping[str, Report]:
        """Every report by its name, in story order."""
        return {report.name: report for report in self.reports}

    @cached_property
    def compute_by_name(self) -> Mapping[str, Compute]:
        """The deterministic node that defines a name; the first, of a carried variable."""
        found: dict[str, Compute] = {}
        for node in self.all_nodes:
            if isinstance(node, Compute):
                for name in node.names:
                    found.setdefault(name, node)
        return found

    @cached_property
    def own_scores(self) -> frozenset[str]:
        """The samples of whose draw the log-probability under its own distribution stands here."""
        scored = (self.scored(part) for part in self.parts if isinstance(part, LogProb))
        return frozenset(sample.name for sample in scored if sample is not None)

    def along(self, plate: str) -> tuple[Sample, ...]:
        """The samples that stand in a sample plate, in story order; none for a data plate."""
        return self._along.get(plate, ())

    def order(self, plates: Plates) -> tuple[str, ...]:
        """Plates in memory order: newest sample plate outermost, data plates last, as declared.

        The steps of a loop, where a value has them as a dimension, come before all plates.
        """
        rank = self._ranks
        return tuple(sorted(plates & rank.keys(), key=rank.__getitem__))

    def newest(self, plates: Plates) -> str:
        """The outermost of some plates."""
        return min(plates, key=self._ranks.__getitem__)

    def construction(self, distribution: Distribution) -> Construct:
        """The distribution as it was made, whatever names it went through."""
        while isinstance(distribution, Named):
            made = self.compute_by_name[distribution.name].value
            assert isinstance(made, Construct | Named)
            distribution = made
        return distribution

    def same_law(self, a: Distribution, b: Distribution) -> bool:
        """Whether two distributions are one, or are written alike of what no loop carries."""
        a, b = self.construction(a), self.construction(b)
        if a is b:
            return True
        moved = (isinstance(p, Reference) and p.name in self.carried for p in walk(a))
        return key(a) == key(b) and not any(moved)

    def scored(self, value: LogProb) -> Sample | None:
        """The sample ``z`` of which ``value`` is ``log_prob(q, z)``, drawn from that same ``q``.

        One of the user's may be written anew, as it is asked once.
        """
        sample = self.drawn(value.value)
        if sample is None:
            return None
        own = self.construction(sample.distribution)
        if self.construction(value.distribution) is own:
            return sample
        alike = own.type.declared is not None and self.same_law(value.distribution, own)
        return sample if alike else None

    def drawn(self, value: Value) -> Sample | None:
        """The sample that a reference stands for, whatever names it went through."""
        while isinstance(value, Reference):
            made = self.compute_by_name.get(value.name)
            if value.name in self.carried or made is None or not isinstance(made.value, Reference):
                return self.sample_by_name.get(value.name)
            value = made.value
        return None
