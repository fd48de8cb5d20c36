"""Values as code."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from storchc.analysis.estimation import Estimation
from storchc.backend import calls, distributions, elimination, indexing, reductions, separated
from storchc.backend.block import Block
from storchc.backend.code import Code
from storchc.backend.stepping import Stepping
from storchc.backend.storage import Storage
from storchc.catalogue import functions
from storchc.catalogue.function import Emission, Function
from storchc.ir.expression import (
    Apply,
    CallUser,
    Counter,
    Divergence,
    Entropy,
    Expected,
    Extent,
    Literal,
    LogProb,
    LogProbEach,
    OverPlates,
    Property,
    Reference,
    Renamed,
    Select,
    SequenceOf,
    StaticChoice,
    SummedOut,
    Value,
)
from storchc.ir.graph import Graph, Sample
from storchc.ir.size import Size
from storchc.ir.types import NO_PLATES, Plates, ValueType
from storchc.python.expressions import (
    Atom,
    Choice,
    Py,
    call,
    index,
    infix,
    literal,
    member,
    method,
    name,
    tuple_of,
)
from storchc.python.names import RUNTIME, Identifiers
from storchc.syntax.tree import Dtype


@dataclass(slots=True)
class Writer:
    """Writes expressions of one story. ``locals`` are the identifiers of its names.

    ``owned`` are the params and modules that learned baselines have for themselves. ``stored``
    grows statement by statement. ``joined`` has what a `logmeanexp` joins, for the samples whose
    methods ask for it. ``detached`` cuts values off from their gradient, but not what is owned:
    what a learned baseline needs. ``elsewhere`` is set where the story is written once more, for
    values that were not drawn: nothing is replayed there. ``stepping`` is what is known of loops.
    """

    graph: Graph
    estimation: Estimation
    storage: Storage
    identifiers: Identifiers
    locals: dict[str, str] = field(default_factory=dict)
    stored: dict[str, Plates] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)
    draws: dict[str, str] = field(default_factory=dict)
    distribution_plates: dict[str, Plates] = field(default_factory=dict)
    constants: dict[str, Py] = field(default_factory=dict)
    costs: dict[str, Code] = field(default_factory=dict)
    joined: dict[str, Code] = field(default_factory=dict)
    internal: dict[str, str] = field(default_factory=dict)
    sized: set[str] = field(default_factory=set)
    block: Block | None = None
    owned: frozenset[str] = frozenset()
    detached: bool = False
    elsewhere: bool = False
    stepping: Stepping = field(default_factory=Stepping)
    samples: dict[str, Sample] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.samples = self.samples or {s.name: s for s in self.graph.samples}

    def cut(self) -> Writer:
        """The same writer for expressions whose inputs are detached."""
        return replace(self, detached=True)

    # --- names -----------------------------------------------------------------------------------

    def runtime(self, identifier: str) -> Py:
        """A member of the runtime package."""
        return self.identifiers.use(identifier, RUNTIME)

    def torch(self, dotted: str) -> Py:
        """A member of torch."""
        return self.identifiers.torch(dotted)

    def own(self, attribute: str) -> Py:
        """``self.attribute`` of a param, module or function by its story name."""
        return member(name("self"), self.attributes[attribute])

    def inner(self, wanted: str) -> Py:
        """A local name of the generator's own, the same throughout the function."""
        if wanted not in self.internal:
            self.internal[wanted] = self.identifiers.local(wanted)
        return name(self.internal[wanted])

    def draw(self, sample: str) -> Py:
        """The draw of a sample."""
        return name(self.draws[sample])

    def expect(self, sample: str) -> Py:
        """The method of a sample whose outcomes are summed over in parts, or in steps."""
        return method(self.inner("methods"), "expect", literal(sample))

    def named(self, wanted: str, code: Code, comment: str = "") -> Code:
        """``code`` in a statement and under a name of its own."""
        assert self.block is not None
        target = self.identifiers.local(wanted)
        shown = comment or f"[{', '.join(self.storage.order(code.stored))}]"
        self.block.assign(target, code.py, shown)
        return Code(name(target), code.stored)

    # --- sizes, dtypes ---------------------------------------------------------------------------

    def plate_size(self, plate: str) -> Py:
        """The number of elements of a plate."""
        if plate in self.graph.data_plates:
            self.sized.add(plate)
            return name(self.locals[plate])
        if plate in self.stepping.sizes:
            return self.stepping.sizes[plate]
        return index(member(name(self.locals[plate]), "shape"), literal(0))

    def plate_sizes(self, plates: Plates) -> tuple[Py, ...]:
        """The sizes of stored plates, in memory order."""
        return tuple(self.plate_size(p) for p in self.storage.order(plates))

    def size(self, size: Size) -> Py:
        """A size as an integer expression."""
        if size.value is not None:
            return literal(size.value)
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
        """A free dim, or a quotient of sizes written out."""
        if factor in self.locals:
            self.sized.add(factor)
            return name(self.locals[factor])
        return Atom(self._quotient(factor))

    def _quotient(self, text: str) -> str:
        """The text of an opaque quotient: dims, numbers and operators only, by construction."""
        words = re.findall(r"\w+|\W+", text)
        self.sized.update(w for w in words if w in self.locals)
        return "".join(self.locals.get(w, w) for w in words)

    def creation(self, dtype: Dtype) -> dict[str, Py]:
        """``dtype`` and ``device`` of a tensor that the story makes."""
        like = self.inner("like")
        kind = member(like, "dtype") if dtype == "float" else self.torch(_DTYPES[dtype])
        return {"dtype": kind, "device": member(like, "device")}

    def tensor(self, code: Code, dtype: Dtype = "float") -> Code:
        """A Python number as a tensor."""
        if not code.plain:
            return code
        made = call(self.torch("torch.tensor"), code.py, **self.creation(dtype))
        return Code(made, NO_PLATES)

    def as_float(self, value: Value) -> Code:
        """A value as a floating tensor."""
        return self.floated(self.value(value), value.type.dtype)

    def floated(self, code: Code, dtype: Dtype) -> Code:
        """Code of this dtype as a floating tensor."""
        if code.plain:
            return self.tensor(code)
        if dtype == "float":
            return code
        return Code(method(code.py, "to", member(self.inner("like"), "dtype")), code.stored)

    # --- values ----------------------------------------------------------------------------------

    def value(self, value: Value) -> Code:
        """Any value."""
        match value:
            case Literal(number, _, _):
                return Code(literal(number), NO_PLATES, plain=True)
            case Extent(size, _, _):
                return Code(self.size(size), NO_PLATES, plain=True)
            case Reference():
                return self._reference(value)
            case Counter():
                return Code(name(self.locals[value.name]), NO_PLATES, plain=True)
            case SequenceOf():
                return self._sequence(value)
            case Apply():
                return self._apply(value)
            case Select():
                return indexing.select(self, value)
            case OverPlates():
                return reductions.over_plates(self, value)
            case CallUser():
                return calls.call_user(self, value, apart=True)
            case StaticChoice():
                return self._choice(value)
            case Expected():
                return separated.expected(self, value)
            case SummedOut():
                return elimination.summed_out(self, value)
            case Renamed():
                return separated.renamed(self, value)
            case LogProbEach() if code := separated.own_log_prob(self, value):
                return code
            case LogProb() | LogProbEach() | Divergence() | Entropy() | Property():
                return distributions.function(self, value)

    def _reference(self, value: Reference) -> Code:
        if value.name in self.attributes:
            param = self.own(value.name)
            shared = self.detached and value.name not in self.owned
            return Code(method(param, "detach") if shared else param, NO_PLATES)
        code: Py = name(self.locals[value.name])
        if self.detached and value.name in self.estimation.written.live.names:
            code = method(code, "detach")
        return Code(code, self.stored[value.name])

    def _sequence(self, value: SequenceOf) -> Code:
        code = self.stepping.sequences[value.value.name]
        cut = self.detached and value.value.name in self.estimation.written.live.names
        return Code(method(code.py, "detach") if cut else code.py, code.stored)

    def _choice(self, value: StaticChoice) -> Code:
        condition = self.value(value.condition).py
        lazy = replace(self, block=None)  # only the side that is taken may be evaluated
        then, otherwise = lazy.value(value.then), lazy.value(value.otherwise)
        if then.plain and otherwise.plain:
            return Code(Choice(then.py, condition, otherwise.py), NO_PLATES, plain=True)
        stored = then.stored | otherwise.stored
        whole = ValueType(stored, value.type.shape, value.type.dtype)
        sides = self._whole(then, value.then, whole), self._whole(otherwise, value.otherwise, whole)
        return Code(Choice(sides[0], condition, sides[1]), stored)

    def _whole(self, code: Code, value: Value, wanted: ValueType) -> Py:
        """A side of a choice with the stored plates, the shape and the dtype of both."""
        sizes = (*self.plate_sizes(wanted.plates), *map(self.size, wanted.shape))
        if code.plain and sizes:
            options = self.creation(wanted.dtype)
            return call(self.torch("torch.full"), tuple_of(*sizes), code.py, **options)
        if code.plain:
            return self.tensor(code, wanted.dtype).py
        if value.type.dtype != wanted.dtype:
            code = Code(method(code.py, "to", self.creation(wanted.dtype)["dtype"]), code.stored)
        if code.stored == wanted.plates and value.type.shape == wanted.shape:
            return code.py
        rank, plates = value.type.rank, wanted.plates
        aligned = self.storage.align(code.py, code.stored, rank, plates, len(wanted.shape))
        return method(aligned, "expand", *sizes)

    def _apply(self, value: Apply) -> Code:
        entry = functions.lookup(value.function)
        assert entry is not None
        operands = [self.value(o) for o in value.operands]
        plain = bool(operands) and all(c.plain for c in operands) and entry.numbers == "all"
        operands = [
            c if _takes_number(entry, i) else self.tensor(c, o.type.dtype)
            for i, (c, o) in enumerate(zip(operands, value.operands, strict=True))
        ]
        stored = frozenset().union(*(c.stored for c in operands))
        emission = Emission(
            operands=self._aligned(entry, value, operands, stored),
            types=tuple(
                ValueType(c.stored, o.type.shape, o.type.dtype)
                for c, o in zip(operands, value.operands, strict=True)
            ),
            settings=value.settings,
            result=ValueType(stored, value.type.shape, value.type.dtype),
            plates=lambda: self.plate_sizes(stored),
            size=self.size,
            creation=lambda: self.creation(value.type.dtype),
            plain=frozenset(i for i, c in enumerate(operands) if c.plain),
        )
        return Code(entry.emit(emission), stored, plain)

    def _aligned(
        self, entry: Function, value: Apply, operands: list[Code], stored: Plates
    ) -> tuple[Py, ...]:
        ranks = [o.type.rank for o in value.operands]
        highest = max(ranks, default=0)
        match entry.align:
            case "broadcast":
                return tuple(
                    self.storage.align(c.py, c.stored, r, stored, highest)
                    for c, r in zip(operands, ranks, strict=True)
                )
            case "plates":
                return tuple(
                    self.storage.align(c.py, c.stored, r, stored)
                    for c, r in zip(operands, ranks, strict=True)
                )
            case "expand":
                return tuple(
                    self.expand(c, r, stored) for c, r in zip(operands, ranks, strict=True)
                )

    def expand(self, code: Code, rank: int, plates: Plates) -> Py:
        """``code`` over all of ``plates``, each with its full size."""
        if code.stored == plates or code.plain:
            return code.py
        aligned = self.storage.align(code.py, code.stored, rank, plates)
        event = [literal(-1)] * rank
        return method(aligned, "expand", *self.plate_sizes(plates), *event)


def _takes_number(entry: Function, position: int) -> bool:
    return entry.numbers == "all" or (entry.numbers != "none" and position in entry.numbers)


_DTYPES = {"int": "torch.int64", "bool": "torch.bool"}
