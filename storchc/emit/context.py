"""What is known where an expression is written, and the small words of generated code."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import field, replace
from types import MappingProxyType

from storchc.analysis.estimation import Estimation
from storchc.emit.alignment import align
from storchc.emit.code import Code
from storchc.ir.expression import Value
from storchc.ir.graph import Graph
from storchc.ir.names import before_of
from storchc.ir.nodes import Loop
from storchc.ir.size import Size
from storchc.ir.types import NO_PLATES, Dtype, Plates
from storchc.lower.story import Story
from storchc.program.reads import Apart
from storchc.program.slots import Slot
from storchc.program.storage import Storage
from storchc.python.expressions import (
    HERE,
    Atom,
    Imported,
    Joined,
    Local,
    Py,
    call,
    dotted_name,
    index,
    infix,
    literal,
    member,
    method,
    name,
    prefix,
)
from storchc.python.names import RUNTIME
from storchc.records import dataclass

MANY_PLATES = 12
"""Plates that are still written out wherever they are spoken of; of more, a chain has n²."""


@dataclass(frozen=True, slots=True)
class Module:
    """What all functions of a generated module know.

    ``attributes`` are those of ``self``, by story name, ``constants`` those of the module by what
    they are for. ``sizes`` are the variables of data plates and free dims; the rest are variables
    of ``forward`` that have no name in the story.
    """

    story: Story
    attributes: Mapping[str, str]
    constants: Mapping[str, Py]
    sizes: Mapping[str, Local]
    methods: Local
    replayed: Local
    like: Local
    checked: Local


class OfModule:
    """Something that belongs to a ``module``, and knows what is known of its story."""

    __slots__ = ()
    module: Module

    @property
    def story(self) -> Story:
        """What is known of the story."""
        return self.module.story

    @property
    def graph(self) -> Graph:
        """The story that code is generated for."""
        return self.module.story.graph

    @property
    def estimation(self) -> Estimation:
        """What is known of it."""
        return self.module.story.estimation


NOTHING: Mapping[int, Slot] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Context(OfModule):
    """Where an expression is written: what the filled slots ``held`` are, as code.

    Of these ``own`` are the function's; others are those of the function around it. ``around`` are
    the loops that are written.
    ``detached`` cuts values off from their gradient, but not what methods own: what a learned
    baseline needs. ``apart`` are the parts of the expression that are evaluated already. Values of
    any kind are written by ``translate``, as each kind has a file of its own.
    """

    module: Module
    translate: Callable[[Context, Value], Code]
    held: Mapping[Slot, Code]
    own: Container[Slot]
    around: tuple[Loop, ...] = ()
    detached: bool = False
    apart: Mapping[int, Slot] = field(default_factory=lambda: NOTHING)

    @property
    def storage(self) -> Storage:
        """How its values are stored."""
        return self.module.story.storage

    @property
    def scope(self) -> Mapping[Slot, Plates]:
        """The filled slots, each with the plates that it is stored with."""
        return _Stored(self.held)

    def of(self, apart: Apart, *, detached: bool = False) -> Context:
        """The same for an expression of which these parts are evaluated."""
        if not (apart or self.apart) and detached <= self.detached:
            return self
        parts = {id(part): slot for part, slot in apart}
        return replace(self, apart=parts, detached=self.detached or detached)

    def target(self, slot: Slot, called: str = "") -> Local:
        """The variable for a slot that is filled now: the one that it has in this function."""
        code = self.held[slot].py if slot in self.own else None
        return code if isinstance(code, Local) else Local(called or slot.called)

    def cut(self) -> Context:
        """The same for expressions whose inputs are detached."""
        return replace(self, detached=True)

    def cuts(self, name: str) -> bool:
        """Whether a value is detached here: not where learned baselines alone use it."""
        if not self.detached or name in self.story.owned:
            return False
        return name in self.estimation.written.live.names

    # --- names -----------------------------------------------------------------------------------

    def runtime(self, identifier: str) -> Py:
        """A member of the runtime package."""
        return Imported(identifier, RUNTIME)

    def torch(self, dotted: str) -> Py:
        """A member of torch."""
        return dotted_name(dotted)

    def attribute(self, attribute: str) -> Py:
        """``self.attribute`` of a param, module or function by its story name."""
        return member(name("self"), self.module.attributes[attribute])

    def of_methods(self, module: str) -> Py:
        """A module as methods train it, without the parameters that the model holds too."""
        return call("self.method_module", literal(self.module.attributes[module]))

    def draw(self, sample: str) -> Py:
        """The draw of a sample."""
        return self.held[Slot("draw", sample)].py

    def method_of(self, sample: str) -> Py:
        """The method of a sample."""
        return index(self.module.methods, literal(sample))

    def expect(self, sample: str) -> Py:
        """The method of a sample whose outcomes are summed over in parts, or in steps."""
        return method(self.module.methods, "expect", literal(sample))

    # --- sizes, dtypes ---------------------------------------------------------------------------

    def plate_size(self, plate: str) -> Py:
        """The number of elements of a plate."""
        if plate in self.graph.data_plates:
            return self.module.sizes[plate]
        loop = self.estimation.graph.loop_by_name.get(plate)
        if loop is not None:
            return self.size(loop.bound)
        known = self.held.get(Slot("size", plate))
        if known is not None:
            return known.py
        for chain in self.estimation.elimination.chains.values():
            if plate == before_of(chain.sample):
                return literal(chain.states)
        return index(member(self.held[Slot("value", plate)].py, "shape"), literal(0))

    def plate_sizes(self, plates: Plates) -> tuple[Py, ...]:
        """The sizes of stored plates, in memory order."""
        return tuple(self.plate_size(p) for p in self.storage.order(plates))

    def size(self, size: Size) -> Py:
        """A size as an integer expression."""
        if size.value is not None:
            return known_size(self.graph, size, size.value)
        total: Py | None = None
        for monomial, coefficient in size.terms:
            term = self._term(monomial, coefficient)
            total = term if total is None else infix("+", total, term)
        assert total is not None
        return total

    def _term(self, monomial: tuple[str, ...], coefficient: int) -> Py:
        code: Py | None = None if coefficient == 1 and monomial else literal(coefficient)
        for factor in monomial:
            atom = self._factor(factor)
            code = atom if code is None else infix("*", code, atom)
        assert code is not None
        return code

    def _factor(self, factor: str) -> Py:
        """A free dim, or a quotient of sizes written out: dims, numbers and operators only."""
        if factor in self.module.sizes:
            return self.module.sizes[factor]
        words = re.findall(r"\w+|\W+", factor)
        return Joined(tuple(self.module.sizes.get(word) or Atom(word) for word in words))

    def creation(self, dtype: Dtype) -> dict[str, Py]:
        """``dtype`` and ``device`` of a tensor that the story makes."""
        like = self.module.like
        kind = member(like, "dtype") if dtype == "float" else self.torch(_DTYPES[dtype])
        return {"dtype": kind, "device": member(like, "device")}

    # --- values ----------------------------------------------------------------------------------

    def tensor(self, code: Code, dtype: Dtype = "float") -> Code:
        """A Python number as a tensor."""
        if not code.plain:
            return code
        made = call(self.torch("torch.tensor"), code.py, **self.creation(dtype))
        return Code(made, NO_PLATES)

    def value(self, value: Value) -> Code:
        """Any value."""
        known = self.apart.get(id(value))
        return self.translate(self, value) if known is None else self.held[known]

    def as_float(self, value: Value) -> Code:
        """A value as a floating tensor."""
        return self.floated(self.value(value), value.type.dtype)

    def floated(self, code: Code, dtype: Dtype) -> Code:
        """Code of this dtype as a floating tensor."""
        if code.plain:
            return self.tensor(code)
        if dtype == "float":
            return code
        return Code(method(code.py, "to", member(self.module.like, "dtype")), code.stored)

    def expand(self, code: Code, rank: int, plates: Plates) -> Py:
        """``code`` over all of ``plates``, each with its full size."""
        if code.stored == plates or code.plain:
            return code.py
        every, known = self.storage.order(plates), self.storage.order(code.stored)
        opened = every[: len(every) - len(known)]
        if len(every) > MANY_PLATES and isinstance(code.py, Local) and every == opened + known:
            sizes = map(self.plate_size, opened)
            return method(code.py, "expand", *sizes, prefix("*", member(code.py, "shape")))
        aligned = align(self.storage, code.py, code.stored, rank, plates)
        event = [literal(-1)] * rank
        return method(aligned, "expand", *self.plate_sizes(plates), *event)


def known_size(graph: Graph, size: Size, number: int) -> Py:
    """A size that is this ``number``, by the name of the dim where the story calls it so."""
    dim = graph.dims.get(size.text)
    return literal(number) if dim is None else Imported(dim.name, HERE)


class _Stored(Mapping[Slot, Plates]):
    """The plates of slots, asked of what they hold."""

    __slots__ = ("_held",)

    def __init__(self, held: Mapping[Slot, Code]) -> None:
        self._held = held

    def __getitem__(self, slot: Slot) -> Plates:
        return self._held[slot].stored

    def __iter__(self) -> Iterator[Slot]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)


_DTYPES = {"int": "torch.int64", "bool": "torch.bool"}
