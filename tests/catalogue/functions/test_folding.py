"""Numbers known when a story is compiled give what torch gives, and never an exception."""

from __future__ import annotations

import math
from itertools import product

import pytest
import torch

from storchc.catalogue.function import Arguments, Emission, Function, Misfit
from storchc.catalogue.functions import all_functions
from storchc.ir.types import ValueType
from storchc.python.expressions import Atom, literal
from storchc.python.printer import write
from tests.catalogue.functions.values import DTYPES, size_code, type_of

FOLDED = [entry for entry in all_functions() if entry.fold is not None]
NUMBERS = (
    0,
    1,
    3,
    -2,
    0.0,
    0.5,
    1.0,
    -1.0,
    -0.7,
    1.5,
    2.5,
    -3.0,
    1000.0,
    -1000.0,
    math.inf,
    math.nan,
)


def _by_torch(entry: Function, numbers: tuple[float, ...]) -> float | None:
    types = tuple(map(type_of, numbers))
    try:
        outcome = entry.infer(Arguments(types, numbers, {"decimals": 0}))
    except Misfit:
        return None
    tensors = {
        f"v{i}": torch.tensor(n, dtype=DTYPES[t.dtype])
        for i, (n, t) in enumerate(zip(numbers, types, strict=True))
    }
    emission = Emission(
        operands=tuple(map(Atom, tensors)),
        types=types,
        settings={"decimals": 0},
        result=ValueType(frozenset(), (), outcome.dtype),
        plates=lambda: (),
        size=size_code,
        creation=lambda: {"dtype": Atom("dtype"), "device": literal("cpu")},
        plain=frozenset(),
    )
    names = {"torch": torch, "F": torch.nn.functional, "dtype": DTYPES[outcome.dtype], **tensors}
    return eval(write(entry.emit(emission)), names).item()


@pytest.mark.parametrize("entry", FOLDED, ids=lambda entry: entry.name)
def test_folding_agrees_with_torch(entry: Function) -> None:
    values = sum(p.kind == "value" for p in entry.parameters)
    for numbers in product(NUMBERS, repeat=values):
        if entry.name == "where":
            numbers = (bool(numbers[0]), *numbers[1:])
        expected = _by_torch(entry, numbers)
        if expected is None:
            continue
        assert entry.fold is not None
        found = entry.fold(*numbers)
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-12, nan_ok=True), numbers
        assert type(found) is type(expected), numbers


def test_an_integer_power_without_bounds_is_not_computed() -> None:
    power = next(entry for entry in FOLDED if entry.name == "power")
    with pytest.raises(Misfit, match="64 bits"):
        power.infer(Arguments((type_of(9), type_of(9)), (9, 10**9), {}))
