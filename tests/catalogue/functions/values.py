"""Random operands of a function, with plates, and the code of a function run on them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from storch_runtime.generated import index_put, log_sum_exp
from storchc.catalogue.function import Arguments, Emission, Function, Outcome
from storchc.catalogue.functions import lookup
from storchc.ir.size import Shape, Size, constant
from storchc.ir.types import Dtype, ValueType
from storchc.python.expressions import Atom, Py, literal
from storchc.python.printer import write

PLATES = {"z": 2, "data": 3}
LAYOUTS = ((), ("data",), ("z",), ("z", "data"))
DTYPES = {"float": torch.float64, "int": torch.int64, "bool": torch.bool}


@dataclass(frozen=True)
class Given:
    """An operand: its event shape, dtype and the range of its random elements."""

    shape: tuple[int, ...]
    dtype: Dtype = "float"
    low: float = -2.0
    high: float = 2.0
    definite: bool = False

    def draw(self, plates: tuple[str, ...]) -> Tensor:
        sizes = (*(PLATES[p] for p in plates), *self.shape)
        unit = torch.rand(sizes, dtype=torch.float64)
        drawn = self.low + (self.high - self.low) * unit
        match self.dtype:
            case "bool":
                return drawn > 0
            case "int":
                return drawn.floor().long()
            case "float" if self.definite:
                return drawn @ drawn.mT + torch.eye(self.shape[-1])
            case "float":
                return drawn


def lifted(value: Any) -> Tensor:
    """A number as a tensor, floats in double precision."""
    return (
        torch.tensor(value, dtype=torch.float64)
        if isinstance(value, float)
        else torch.as_tensor(value)
    )


def real(*shape: int) -> Given:
    return Given(shape)


def unit(*shape: int) -> Given:
    return Given(shape, low=0.05, high=0.95)


def positive(*shape: int) -> Given:
    return Given(shape, low=1.1, high=3.0)


def ints(*shape: int, below: int = 4, low: int = 0) -> Given:
    return Given(shape, "int", low, below)


def bools(*shape: int) -> Given:
    return Given(shape, "bool")


Operand = Given | int | float | bool


@dataclass(frozen=True)
class Case:
    """A function, operands, settings, and what it means for one element of the plates."""

    name: str
    operands: tuple[Operand, ...]
    meaning: Callable[..., Tensor]
    settings: Mapping[str, Any]

    def __str__(self) -> str:
        shapes = [
            str(list(o.shape)) + o.dtype[0] if isinstance(o, Given) else str(o)
            for o in self.operands
        ]
        options = [f"{key}={value}" for key, value in self.settings.items()]
        return f"{self.name}({', '.join(shapes + options)})"


def case(name: str, *operands: Operand, means: Callable[..., Any], **settings: Any) -> Case:
    return Case(name, operands, means, settings)


def entry_of(name: str) -> Function:
    entry = lookup(name)
    assert entry is not None
    return entry


def filled(entry: Function, settings: Mapping[str, Any], operands: int) -> dict[str, Any]:
    """The settings with their defaults; of values that may be left out the first are given."""
    complete = dict(settings)
    values = [p for p in entry.parameters if p.kind == "value" and p.name not in settings]
    required = [p for p in values if p.default is not None]
    left_out = {p.name for p in values[max(operands, len(required)) :]}
    for p in entry.parameters:
        if p.kind not in ("value", "values", "places") or p.name in left_out:
            complete.setdefault(p.name, p.default)
    return complete


def shape_of(sizes: tuple[int, ...]) -> Shape:
    return tuple(constant(size) for size in sizes)


def type_of(operand: Operand, plates: tuple[str, ...] = ()) -> ValueType:
    match operand:
        case Given(shape, dtype):
            return ValueType(frozenset(plates), shape_of(shape), dtype)
        case bool():
            return ValueType(frozenset(), (), "bool")
        case int():
            return ValueType(frozenset(), (), "int")
        case float():
            return ValueType(frozenset(), (), "float")


def inferred(entry: Function, types: tuple[ValueType, ...], case_: Case) -> Outcome:
    numbers = tuple(None if isinstance(o, Given) else o for o in case_.operands)
    settings = filled(entry, case_.settings, len(types))
    return entry.infer(Arguments(types, numbers, settings))


def layouts(case_: Case) -> Iterator[tuple[tuple[str, ...], ...]]:
    """Every way to store the operands."""
    yield from product(*(LAYOUTS if isinstance(o, Given) else ((),) for o in case_.operands))


def union(layout: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    return tuple(p for p in PLATES if any(p in plates for plates in layout))


def aligned(
    value: Tensor,
    stored: tuple[str, ...],
    plates: tuple[str, ...],
    rank: int,
    align: str,
    highest: int,
) -> Tensor:
    """A value as the code generator hands it to a function."""
    if stored:
        first = plates.index(stored[0])
        index = [slice(None) if p in stored else None for p in plates[first:]]
        padding = highest - rank if align == "broadcast" else 0
        value = value[(*index, *(None,) * padding)]
    if align == "expand" and plates:
        return value.expand(*(PLATES[p] for p in plates), *value.shape[value.dim() - rank :])
    return value


def size_code(size: Size) -> Py:
    return literal(size.value) if size.value is not None else Atom(str(size))


def takes_number(entry: Function, position: int) -> bool:
    return entry.numbers == "all" or (entry.numbers != "none" and position in entry.numbers)


def run(
    case_: Case, layout: tuple[tuple[str, ...], ...], values: list[Any]
) -> tuple[Any, Outcome, str]:
    """The function's own code on these values: result, outcome and the text that was run."""
    entry = entry_of(case_.name)
    types = tuple(map(type_of, case_.operands, layout))
    outcome = inferred(entry, types, case_)
    plates, highest = union(layout), max((t.rank for t in types), default=0)
    names: dict[str, Any] = {
        "torch": torch,
        "F": functional,
        "math": math,
        "log_sum_exp": log_sum_exp,
        "index_put": index_put,
        "dtype": DTYPES[outcome.dtype],
    }
    plain, codes = set(), []
    for i, (value, stored, kind) in enumerate(zip(values, layout, types, strict=True)):
        if not isinstance(value, Tensor) and takes_number(entry, i):
            plain.add(i)
            codes.append(literal(value))
            continue
        tensor = (
            value if isinstance(value, Tensor) else torch.tensor(value, dtype=DTYPES[kind.dtype])
        )
        names[f"v{i}"] = aligned(tensor, stored, plates, kind.rank, entry.align, highest)
        codes.append(Atom(f"v{i}"))
    emission = Emission(
        operands=tuple(codes),
        types=types,
        settings=filled(entry, case_.settings, len(types)),
        result=ValueType(frozenset(plates), outcome.shape, outcome.dtype),
        plates=lambda: tuple(literal(PLATES[p]) for p in plates),
        size=size_code,
        creation=lambda: {"dtype": Atom("dtype"), "device": literal("cpu")},
        plain=frozenset(plain),
    )
    text = write(entry.emit(emission))
    return eval(text, names), outcome, text


def slices(
    values: list[Any], layout: tuple[tuple[str, ...], ...], element: Mapping[str, int]
) -> list[Any]:
    """The operands of one element of the plates."""
    return [
        value[tuple(element[p] for p in stored)] if isinstance(value, Tensor) else value
        for value, stored in zip(values, layout, strict=True)
    ]


def elements(plates: tuple[str, ...]) -> Iterator[dict[str, int]]:
    for index in product(*(range(PLATES[p]) for p in plates)):
        yield dict(zip(plates, index, strict=True))
