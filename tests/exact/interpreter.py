"""The exact expected total cost of a small discrete story, straight from its syntax tree.

Every plate element and every one of the n draws is a value of its own; every draw splits the worlds
by its outcomes. Nothing here is shared with the compiler but the syntax tree. The result is
differentiable any number of times in whatever tensors went in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from storchc.diagnostics.diagnostic import Problems
from storchc.source import Source
from storchc.syntax import tree
from storchc.syntax.parser import parse
from tests.exact import laws
from tests.exact.expressions import (
    Node,
    Scope,
    credited_of,
    evaluate,
    plates_of,
    samples_of,
    weight,
)
from tests.exact.laws import Law
from tests.exact.loops import Unrolling
from tests.exact.memory import Memory, call_all
from tests.exact.worlds import lift, spread


class TooManyWorlds(Exception):
    """The story has more joint outcomes than the interpreter may enumerate."""


@dataclass(frozen=True, slots=True)
class Exact:
    """What the interpreter knows about a story at given inputs; W worlds.

    ``value`` is the expected total cost. ``totals[w]`` is the total cost in world w, whose outcomes
    of the samples are ``samples[name][w]`` with log-probabilities ``log_probs[name][w]``.
    ``costs[name][w]`` has the plates ``plates[name]``; ``expected[name]`` is its part of the value.
    ``enumerated`` names the plates of ``Expect``, ``proposed`` the samples whose log-probabilities
    are not their own distribution's: drawn from a proposal, or by quadrature.
    """

    value: Tensor
    totals: Tensor
    samples: dict[str, Tensor]
    log_probs: dict[str, Tensor]
    costs: dict[str, Tensor]
    plates: dict[str, tuple[str, ...]]
    expected: dict[str, Tensor]
    enumerated: frozenset[str]
    proposed: frozenset[str]

    @property
    def probability(self) -> Tensor:
        """The probability of each world."""
        logs = [log.detach() for log in self.log_probs.values()]
        return torch.exp(torch.stack(logs).sum(0)) if logs else torch.ones(1).double()


def interpret(
    text: str,
    inputs: Mapping[str, Any],
    parameters: Mapping[str, Tensor],
    modules: Mapping[str, Callable[..., Any]] | None = None,
    *,
    budget: int = 20_000,
) -> Exact:
    """Enumerate the story ``text``; ``TooManyWorlds`` above ``budget`` joint outcomes.

    A stateful function among the ``modules`` is a `tests.exact.memory.Function`.
    """
    problems = Problems()
    story = parse(Source("exact.story", text), problems)
    assert story is not None and not problems.fatal, problems.found
    walk = _Walk(budget)
    walk.declare(story, inputs, parameters, modules or {})
    for step in story.steps:
        walk.take(step)
    return walk.result()


@dataclass(slots=True)
class _Walk:
    """The state of one walk through a story.

    ``when`` is the step of the loops around: samples and costs of different steps are different
    ones, told apart by it (``z@2``).
    """

    budget: int
    when: str = ""
    scope: Scope = field(default_factory=Scope)
    count: int = 1
    wanted: dict[str, tuple[str, ...]] = field(default_factory=dict)
    alive: Node | None = None
    log_probs: dict[str, Tensor] = field(default_factory=dict)
    costs: dict[str, Node] = field(default_factory=dict)
    proposed: set[str] = field(default_factory=set)
    memories: dict[str, Memory] = field(default_factory=dict)

    def declare(
        self,
        story: tree.Story,
        inputs: Mapping[str, Any],
        parameters: Mapping[str, Tensor],
        modules: Mapping[str, Callable[..., Any]],
    ) -> None:
        scope = self.scope
        scope.modules.update(modules)
        for declaration in story.declarations:
            match declaration:
                case tree.Dim(name, value) if value is not None:
                    scope.dims[name.id] = evaluate(value, scope, {})
                case tree.Plate(name, reduction):
                    scope.reductions[name.id] = reduction
                    scope.order.append(name.id)
                case tree.Input():
                    self._input(declaration, inputs[declaration.name.id])
                case tree.Function(name, flags) if "stateful" in flags:
                    function: Any = modules[name.id]
                    self.memories[name.id] = Memory(function, "nondiff" in flags)
                case tree.Param(name):
                    scope.values[name.id] = Node((), {(): parameters[name.id][None]})

    def _input(self, declaration: tree.Input, value: Any) -> None:
        scope = self.scope
        named = [s.id for s in declaration.sizes if isinstance(s, tree.Name)]
        plates = tuple(p for p in named if p in scope.reductions)
        tensor = torch.as_tensor(value)
        scope.sizes.update(zip(plates, tensor.shape, strict=False))
        elements = {
            tuple(e.values()): tensor[tuple(e.values())][None] for e in scope.elements(plates)
        }
        scope.values[declaration.name.id] = Node(plates, elements)

    def take(self, step: tree.Step) -> None:
        match step:
            case tree.Compute((name,), value):
                self.scope.values[name.id] = self.node(value)
            case tree.Compute(names, value):
                self._unpack([name.id for name in names], self.node(value))
            case tree.Sample():
                self._sample(step)
            case tree.Cost(name, None):
                self.costs[name.id + self.when] = self.scope.values[name.id]
            case tree.Cost(name, value):
                self.scope.values[name.id] = self.costs[name.id + self.when] = self.node(value)
            case tree.Observe(name, value, distribution):
                self._observe(name, value, distribution)
            case tree.Report(name, value) if value is not None:
                self.scope.values[name.id] = self.node(value)
            case tree.Report():
                pass
            case tree.For():
                Unrolling(self, step).run()
            case _:
                raise TypeError(f"the interpreter does not know {step!r}")

    def node(self, expression: object) -> Node:
        scope = self.scope
        call_all(expression, scope, self.memories)
        plates = scope.ordered(plates_of(expression, scope))
        elements = {
            tuple(place.values()): evaluate(expression, scope, place)
            for place in scope.elements(plates)
        }
        samples, credited = samples_of(expression, scope), credited_of(expression, scope)
        return Node(plates, elements, samples, credited)

    def _unpack(self, names: list[str], node: Node) -> None:
        for i, name in enumerate(names):
            parts = {place: value[i] for place, value in node.elements.items()}
            self.scope.values[name] = Node(node.plates, parts, node.samples, node.credited)

    def _observe(
        self, name: tree.Name, value: tree.Expression, distribution: tree.Expression
    ) -> None:
        log_prob = tree.Call(tree.Name("log_prob", name.span), (distribution, value), (), name.span)
        paid = self.costs[name.id + self.when] = self.node(tree.Unary("-", log_prob, name.span))
        self.scope.values.setdefault(name.id, paid)

    # --- samples

    def _sample(self, step: tree.Sample) -> None:
        name, scope = step.name.id, self.scope
        law = self._for_each(self.node(step.distribution), step.each)
        options = _options(step)
        enumerated = step.method is not None and step.method.function.id == "Expect"
        proposal = options.get("proposal")
        plate = name if step.plate is None else step.plate.id
        if step.plate is None and not enumerated and name not in scope.order:
            self.open(step)
        if enumerated:
            self._enumerate(name, law)
        else:
            self._draw(name, plate, law, None if proposal is None else self.node(proposal))

    def _for_each(self, law: Node, each: tuple[tree.Name, ...]) -> Node:
        """The law with an entry for every element of these plates."""
        plates = self.scope.ordered({*law.plates, *(plate.id for plate in each)})
        entries = {tuple(e.values()): law.at(e) for e in self.scope.elements(plates)}
        return replace(law, plates=plates, elements=entries)

    def open(self, step: tree.Sample) -> None:
        """Open the plate of a sample that is not enumerated."""
        options = _options(step)
        size = int(evaluate(options["n"], self.scope, {})) if "n" in options else 1
        self._open(step.name.id, size)

    def _open(self, plate: str, size: int) -> None:
        scope = self.scope
        scope.order.insert(0, plate)
        scope.sizes[plate] = size
        scope.weights[plate] = [(None, Node((), {(): 1 / size}))]

    def _enumerate(self, name: str, law: Node) -> None:
        """A plate with one element for each outcome, weighted by its probability."""
        scope = self.scope
        found = {place: lift(laws.outcomes, q) for place, q in law.elements.items()}
        size = next(iter(found.values()))[0].shape[1]
        self._open(name, size)
        plates = (name, *law.plates)
        values, shares = {}, {}
        for place, (outcomes, logs) in found.items():
            for i in range(size):
                values[i, *place], shares[i, *place] = outcomes[:, i], logs[:, i].exp()
        scope.values[name] = Node(plates, values, law.samples | {name}, law.credited | {name})
        scope.weights[name] = [(name, Node(plates, shares))]
        scope.enumerated.add(name)

    def _draw(self, name: str, plate: str, law: Node, proposal: Node | None) -> None:
        """One draw for every element; with a proposal from there, and weighted."""
        scope = self.scope
        own = scope.values[plate].plates if plate != name else (plate,)
        plates = scope.ordered({*own, *law.plates, *(proposal.plates if proposal else ())})
        plates = self.wanted.get(name, plates)
        key_name = name + self.when
        values, shares = {}, {}
        for place in scope.elements(plates):
            key = tuple(place.values())
            source = law if proposal is None else proposal
            alive = None if self.alive is None else self.alive.at(place)
            values[key], log = self._split(key_name, source.at(place), alive)
            if proposal is not None:
                shares[key] = lift(torch.exp, lift(laws.log_prob, law.at(place), values[key]) - log)
        weighing = scope.values[plate] if plate in scope.enumerated else law
        # weights that do not enter linearly are expected to differ with what is drawn from
        decides = [law, weighing, *([] if proposal is None else [proposal])]
        scope.values[name] = Node(
            plates,
            values,
            frozenset({key_name}).union(*(node.samples for node in decides)),
            frozenset({key_name}).union(*(node.credited for node in decides)),
        )
        if proposal is not None:
            self.log_probs[name] = self.log_probs[name].detach()
            self.proposed.add(name)
            scope.weights[plate].append((name, Node(plates, shares)))

    def _split(self, name: str, law: Law, alive: Any = None) -> tuple[Tensor, Tensor]:
        """Split every world by the outcomes of one draw; its value and detached log-probability.

        Where an element has stopped nothing is drawn: one outcome is certain there.
        """
        outcomes, logs = lift(laws.outcomes, law)
        if isinstance(alive, Tensor):
            logs = lift(_certain, logs, alive)
            outcomes = spread(outcomes, logs.shape[0])
        if laws.is_continuous(law):
            self.proposed.add(name.partition("@")[0])
        each = outcomes.shape[1]
        if self.count * each > self.budget:
            raise TooManyWorlds(f"more than {self.budget} joint outcomes")
        value, log = spread(outcomes, self.count).flatten(0, 1), spread(logs, self.count).flatten()
        self.count *= each
        before = self.log_probs.get(name)
        self.log_probs[name] = log if before is None else spread(before, self.count) + log
        return value, log.detach()

    # --- the total

    def result(self) -> Exact:
        totals = {name: self._total(node) for name, node in self.costs.items()}
        logs = {name: spread(log, self.count) for name, log in self.log_probs.items()}
        expected = {
            name: (self._probability(self.costs[name], logs) * total).sum()
            for name, total in totals.items()
        }
        costs = {name: self._stacked(node) for name, node in self.costs.items()}
        return Exact(
            sum(expected.values(), torch.zeros(())),
            sum(totals.values(), torch.zeros(())).detach(),
            {name: self._stacked(self._drawn(name)) for name in _over_time(logs)},
            _over_time(logs),
            _over_time(costs),
            {name.partition("@")[0]: node.plates for name, node in self.costs.items()},
            _over_time(expected),
            frozenset(self.scope.enumerated),
            frozenset(self.proposed),
        )

    def _drawn(self, sample: str) -> Node:
        """The values of a sample; of one in a loop in all steps."""
        values = self.scope.values
        return values.get(f"sequence of {sample}") or values[sample]

    def _probability(self, cost: Node, logs: Mapping[str, Tensor]) -> Tensor:
        """Of each world, with the gradients of the samples that the cost credits."""
        total = torch.zeros(self.count, dtype=torch.float64)
        for name, log in logs.items():
            total = total + (log if name in cost.credited else log.detach())
        return total.exp()

    def _total(self, cost: Node) -> Tensor:
        """The cost reduced over its own plates, in every world."""
        scope, total = self.scope, torch.zeros(self.count, dtype=torch.float64)
        averaged = [p for p in cost.plates if scope.reductions.get(p) != "sum"]
        seen = (set(cost.plates), cost.samples, cost.credited)
        for place in scope.elements(cost.plates):
            share = weight(scope, averaged, place, seen)
            total = total + self._spread(lift(lambda a, b: a * b, cost.at(place), share))
        return total

    def _stacked(self, node: Node) -> Tensor:
        """A node as one tensor ``[W, *plates, *event]``, detached."""
        sizes = [self.scope.sizes[p] for p in node.plates]
        entries = [self._spread(node.elements[key]) for key in sorted(node.elements)]
        return (
            torch.stack(entries, 1).unflatten(1, sizes or [1]).detach()
            if sizes
            else entries[0].detach()
        )

    def _spread(self, value: Any) -> Tensor:
        if not isinstance(value, Tensor):
            value = torch.full((1,), float(value), dtype=torch.float64)
        return spread(value, self.count)


def _options(step: tree.Sample) -> dict[str, Any]:
    """The options of the method and the sampler; a first positional one is ``n``."""
    found: dict[str, Any] = {}
    for call in (step.method, step.sampler):
        if call is not None:
            found.update(dict(zip(("n",), call.args, strict=False)))
            found.update({k.name.id: k.value for k in call.keywords})
    return found


def _over_time(parts: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What was told apart by steps, added up."""
    total: dict[str, Tensor] = {}
    for key, part in parts.items():
        name = key.partition("@")[0]
        total[name] = total[name] + part if name in total else part
    return total


def _certain(logs: Tensor, alive: Tensor) -> Tensor:
    """The log-probabilities of the outcomes, or the first one for certain."""
    first = torch.full_like(logs, -torch.inf)
    first[0] = 0.0
    return torch.where(alive, logs, first)
