"""What moves values: what learns by a value itself, and what is continuous (LOSS.md §8).

A jump is harmless where only one of the two stands in it. What learns by the score of a sample is
credited wherever the value jumps, and on a lattice the expectation is piecewise constant; a value
of both kinds crosses the place of the jump as it learns, and no derivative tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from functools import reduce
from typing import Literal

from storchc.analysis.dataflow import (
    Flow,
    Forward,
    Known,
    Memory,
    Statement,
    Variable,
    Weights,
    forwards,
)
from storchc.analysis.estimator import Estimator
from storchc.analysis.facts.edges import edges
from storchc.analysis.facts.places import Places
from storchc.analysis.facts.smoothness import makes_atoms, steps
from storchc.catalogue import distributions
from storchc.ir.defaults import Layer, layers
from storchc.ir.expression import (
    Apply,
    CallUser,
    Construct,
    Distribution,
    Named,
    OverPlates,
    Property,
    Reference,
    Value,
)
from storchc.ir.graph import Graph
from storchc.ir.nodes import Callee, Carried, Compute, Cost, Report, Sample
from storchc.ir.types import DistributionType
from storchc.records import dataclass

Kind = Literal["param", "module", "weights"]


@dataclass(frozen=True, slots=True, order=True)
class Mover:
    """What learns by a value: a param, a module, or the weights of a plate.

    ``sample`` is the one with a pathwise gradient that hands it on, if it comes that way; movers
    that come straight are preferred, then those that stand first.
    """

    sample: str
    place: int
    kind: Kind
    name: str


@dataclass(frozen=True, slots=True)
class Motion:
    """How a value moves.

    ``learns`` is what surely does, ``inputs`` are the float inputs that do where they require a
    gradient; ``continuous`` is a sample that makes it so. ``moved``: what learns and what is
    continuous are in it together (what a loop carries may be now the one and now the other);
    ``guarded``: the same of inputs. With ``atoms`` it takes single values with positive
    probability all the same.
    """

    learns: Mover | None = None
    inputs: frozenset[str] = frozenset()
    continuous: str = ""
    moved: bool = False
    guarded: bool = False
    atoms: bool = False


STILL = Motion()


def joined(motions: Iterable[Motion]) -> Motion:
    """The motion of what is made of several values."""
    return reduce(_made_of, (m for m in motions if m is not STILL), STILL)


def _made_of(a: Motion, b: Motion) -> Motion:
    if a == STILL:
        return b
    either_ = either(a, b)
    moved = bool((a.learns and b.continuous) or (b.learns and a.continuous))
    guarded = bool((a.inputs and b.continuous) or (b.inputs and a.continuous))
    if moved <= either_.moved and guarded <= either_.guarded:
        return either_
    return replace(either_, moved=moved or either_.moved, guarded=guarded or either_.guarded)


def either(a: Motion, b: Motion) -> Motion:
    """The motion of what is one of two values."""
    if a == b:
        return a
    learning = [m.learns for m in (a, b) if m.learns is not None]
    continuous = [m.continuous for m in (a, b) if m.continuous]
    return Motion(
        min(learning, default=None),
        a.inputs | b.inputs,
        min(continuous, default=""),
        a.moved or b.moved,
        a.guarded or b.guarded,
        a.atoms or b.atoms,
    )


def drawn(name: str, parameters: Motion, *, atoms: bool) -> Motion:
    """The motion of a sample with a pathwise gradient, by that of its parameters."""
    learning = parameters.learns
    if learning is not None:
        learning = replace(learning, sample=learning.sample or name)
    inputs = parameters.inputs
    return Motion(learning, inputs, name, learning is not None, bool(inputs), atoms)


def motion(graph: Graph, flow: Flow, estimators: Mapping[str, Estimator]) -> Places[Motion]:
    """The motion of every expression, where it stands."""
    walk = _Walk(graph, estimators)
    given: dict[Variable, Motion] = {
        p.name: Motion(Mover("", p.span.start, "param", p.name)) for p in graph.params
    }
    given |= {
        i.name: Motion(inputs=frozenset({i.name})) for i in graph.inputs if i.type.dtype == "float"
    }
    forwards(flow, walk, given)
    return Places(walk.places)


@dataclass(slots=True)
class _Walk(Forward[Motion]):
    """What is found on the way."""

    graph: Graph
    estimators: Mapping[str, Estimator]
    nothing: Motion = STILL
    places: dict[int, Motion] = field(default_factory=dict)
    memory: dict[Variable, Motion] = field(default_factory=dict)

    def statement(self, node: Statement, known: Known[Motion]) -> Mapping[Variable, Motion]:
        """See `Forward.statement`."""
        self.memory = {}
        made: dict[Variable, Motion] = {}
        match node:
            case Compute(names, value):
                made.update(dict.fromkeys(names, self.expression(value, known)))
            case Cost(name, value, observed):
                found = self.expression(value, known)
                made.update({} if observed else {name: found})
            case Report(_, value):
                self.expression(value, known)
            case Sample():
                made.update(self._sample(node, known))
        return made | self.memory

    def _sample(self, node: Sample, known: Known[Motion]) -> Mapping[Variable, Motion]:
        """A value with a pathwise gradient moves; weights do, and only where they are reduced."""
        estimator, weights = self.estimators[node.name], Weights(node.plate)
        parameters = self.expression(node.distribution, known)
        choices = [choice for choice in (node.method, node.sampler) if choice is not None]
        for option in (v for choice in choices for v in choice.values.values()):
            self.expression(option, known)
        if node.mask is not None:
            self.expression(node.mask, known)
        discrete = distributions.row(node.distribution.type).discrete
        before = known(weights)
        if estimator.carrier == "pathwise":
            options = [self.expression(value, known) for value in estimator.values.values()]
            moved = joined([parameters, *options])
            if distributions.row(node.distribution.type).point:  # what a name of its value would be
                return {node.name: moved, weights: before}
            value = drawn(node.name, moved, atoms=discrete)
            return {node.name: value, weights: before}
        value = STILL if discrete else Motion(continuous=node.name)
        if not (estimator.enumerated or estimator.weighted):
            return {node.name: value, weights: before}
        return {node.name: value, weights: joined([before, value, _weighed(node, parameters)])}

    def initial(self, carried: Carried, known: Known[Motion]) -> Mapping[Variable, Motion]:
        """See `Forward.initial`."""
        self.memory = {}
        made: dict[Variable, Motion] = {carried.name: self.expression(carried.initial, known)}
        return made | self.memory

    def join(self, a: Motion, b: Motion) -> Motion:
        """See `Forward.join`."""
        return either(a, b)

    # --- expressions -----------------------------------------------------------------------------

    def expression(self, value: Value | Distribution, known: Known[Motion]) -> Motion:
        """How an expression moves, noted for all that is in it."""
        if isinstance(value, Reference | Named):
            found = known(value.name)
        else:
            found = self._made(value, known)
        self.places[id(value)] = found
        return found

    def _made(self, value: Value | Distribution, known: Known[Motion]) -> Motion:
        handed = []
        for position, edge in enumerate(edges(value, self.graph.callees)):
            operand = self.expression(edge.operand, known)
            if edge.flow == "cut" or (isinstance(value, Apply) and steps(value, position)):
                continue
            handed.append(operand)
        if isinstance(value, CallUser):
            return self._called(value, joined(handed), known)
        if isinstance(value, Construct) and value.type.declared is not None:
            handed.append(own(self.graph.callees[value.family]))
        if isinstance(value, OverPlates):
            handed += [known(Weights(plate)) for plate in value.plates]
        if _on_a_lattice(value):
            return STILL
        found = joined(handed)
        if found.continuous and not found.atoms and isinstance(value, Apply) and makes_atoms(value):
            return replace(found, atoms=True)
        return found

    def _called(self, call: CallUser, given: Motion, known: Known[Motion]) -> Motion:
        callee, memory = self.graph.callees[call.callee], Memory(call.callee)
        if "stateful" in callee.flags:
            given = joined([given, self.memory.get(memory) or known(memory)])
            self.memory[memory] = given
        if all(result.dtype != "float" for result in call.results):
            return STILL
        if "nondiff" in callee.flags:  # a rule of its own speaks of what learns in it
            return Motion(continuous=given.continuous, atoms=given.atoms)
        return joined([given, own(callee)])


def own(callee: Callee) -> Motion:
    """How the parameters move that a callee has itself."""
    if not learns(callee):
        return STILL
    return Motion(Mover("", callee.span.start, "module", callee.name))


def learns(callee: Callee) -> bool:
    """Whether a callee has parameters that are trained, as far as that is known."""
    if not callee.learns:
        return False
    return callee.default is None or any(_has_parameters(layer) for layer in layers(callee.default))


def _has_parameters(layer: Layer) -> bool:
    return layer.name not in _WITHOUT_PARAMETERS


_WITHOUT_PARAMETERS = frozenset(
    [
        "AdaptiveAvgPool1d",
        "AdaptiveAvgPool2d",
        "AvgPool1d",
        "AvgPool2d",
        "AlphaDropout",
        "CELU",
        "Dropout",
        "Dropout1d",
        "Dropout2d",
        "ELU",
        "Flatten",
        "GELU",
        "Hardshrink",
        "Hardsigmoid",
        "Hardswish",
        "Hardtanh",
        "Identity",
        "LeakyReLU",
        "LogSigmoid",
        "LogSoftmax",
        "MaxPool1d",
        "MaxPool2d",
        "Mish",
        "PixelShuffle",
        "PixelUnshuffle",
        "ReLU",
        "ReLU6",
        "SELU",
        "Sequential",
        "SiLU",
        "Sigmoid",
        "Softmax",
        "Softmin",
        "Softplus",
        "Softshrink",
        "Softsign",
        "Tanh",
        "Tanhshrink",
        "Threshold",
        "Unflatten",
        "Upsample",
    ]
)


def _weighed(node: Sample, parameters: Motion) -> Motion:
    """The motion of weights that are made of a sample's parameters."""
    if parameters.learns is None:
        return parameters
    mover = Mover(parameters.learns.sample, node.name_span.start, "weights", node.name)
    return replace(parameters, learns=mover)


def _on_a_lattice(value: Value | Distribution) -> bool:
    """Whether a value is one of some that lie apart."""
    if isinstance(value, Property) and value.name == "mode":
        return distributions.row(value.distribution.type).discrete
    return not isinstance(value.type, DistributionType) and value.type.dtype != "float"
