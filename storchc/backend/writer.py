"""What is known while the module of one story is written, and the small words of its code."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from storchc.analysis.estimation import Estimation
from storchc.backend.block import Block
from storchc.backend.code import Code
from storchc.backend.stepping import Stepping
from storchc.backend.storage import Storage
from storchc.backend.weighing import Weighing
from storchc.ir.expression import Value
from storchc.ir.graph import Graph
from storchc.ir.nodes import Sample
from storchc.ir.size import Size
from storchc.ir.types import NO_PLATES, Dtype, Plates
from storchc.python.expressions import Atom, Py, call, index, infix, literal, member, method, name
from storchc.python.names import RUNTIME, Identifiers


@dataclass(slots=True)
class Writer:
    """Writes expressions of one story. ``locals`` are the identifiers of its names.

    ``translate`` writes a value of any kind. It is given from above, as kinds of values are written
    by files of their own, which write what their values are made of with this.
    ``owned`` are the params, modules and values that methods have for themselves. ``stored``
    grows statement by statement. ``joined`` has what a `logmeanexp` joins, for the samples whose
    methods ask for it. ``detached`` cuts values off from their gradient, but not what is owned:
    what a learned baseline needs. ``elsewhere`` is set where the story is written once more, for
    values that were not drawn: nothing is replayed there. ``sequenced`` are the names that
    ``sequence`` is taken of, ``stepping`` is what is known of loops, ``weighing`` what may weigh
    the elements of a plate.
    """

    graph: Graph
    estimation: Estimation
    storage: Storage
    identifiers: Identifiers
    translate: Callable[[Writer, Value], Code]
    sequenced: frozenset[str]
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
    weighing: dict[str, Weighing] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.samples = self.samples or {s.name: s for s in self.graph.samples}

    def cut(self) -> Writer:
        """The same writer for expressions whose inputs are detached."""
        return replace(self, detached=True)

    def making(self, name: str) -> Writer:
        """The writer for what a name is made of: detached where learned baselines alone use it."""
        return self.cut() if name in self.owned else self

    def cuts(self, name: str) -> bool:
        """Whether a value is detached here: not where learned baselines alone use it."""
        if not self.detached or name in self.owned:
            return False
        return name in self.estimation.written.live.names

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

    def of_methods(self, module: str) -> Py:
        """A module as methods train it, without the parameters that the model holds too."""
        return call("self.method_module", literal(self.attributes[module]))

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

    def value(self, value: Value) -> Code:
        """Any value."""
        return self.translate(self, value)

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

    def expand(self, code: Code, rank: int, plates: Plates) -> Py:
        """``code`` over all of ``plates``, each with its full size."""
        if code.stored == plates or code.plain:
            return code.py
        aligned = self.storage.align(code.py, code.stored, rank, plates)
        event = [literal(-1)] * rank
        return method(aligned, "expand", *self.plate_sizes(plates), *event)


_DTYPES = {"int": "torch.int64", "bool": "torch.bool"}
