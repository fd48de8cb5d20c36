"""What the search for zeros makes of functions, held to torch on random arguments and on zeros.

Either it knows the numbers, or it has sums with factors of no meaning, which are 0 where torch's
result is 0 because of its operands, or it says that it does not know the function.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import product
from random import Random
from types import MappingProxyType
from typing import Any

import pytest
import torch
from torch import Tensor

from storchc.analysis.facts.numbers import Leaf, Numbers, Place
from storchc.catalogue.function import Function
from storchc.catalogue.functions import all_functions
from storchc.ir.expression import Apply, Range, Reference, Select
from storchc.ir.size import constant
from tests.catalogue.functions.cases import CASES
from tests.catalogue.functions.test_algebra import NOWHERE, application, drawn, result
from tests.catalogue.functions.values import Case, Given, real, type_of

UNKNOWN = frozenset(
    [
        "all",
        "any",
        "argmax",
        "argmin",
        "argsort",
        "bitwise_and",
        "bitwise_not",
        "bitwise_or",
        "bitwise_xor",
        "bool",
        "isclose",
        "one_hot",
        "scatter",
        "index_put",
        "signbit",
        "binary_cross_entropy",
        "binary_cross_entropy_with_logits",
        "cross_entropy",
        "gaussian_nll_loss",
        "hinge_embedding_loss",
        "kl_div",
        "margin_ranking_loss",
        "poisson_nll_loss",
        "soft_margin_loss",
        "digamma",
        "entr",
        "erfcx",
        "erfinv",
        "i0",
        "i0e",
        "i1",
        "i1e",
        "log_ndtr",
        "mvlgamma",
        "ndtri",
        "polygamma",
        "sinc",
        "log_softmax",
        "logcumsumexp",
        "logmeanexp",
        "logsumexp",
        "softmax",
        "softmin",
        "cdist",
        "cholesky",
        "det",
        "inverse",
        "logdet",
        "matrix_exp",
        "cosine_similarity",
        "layer_norm",
        "normalize",
        "rms_norm",
    ]
)
"""Of these no number is known: they are leaves, whose row says where they lie."""


class Empty:
    """A story without names."""

    carried = ()
    compute_by_name: Mapping[str, Any] = MappingProxyType({})


def numbers_of(value: Apply | Select, values: list[Any]) -> tuple[dict[Place, float], Numbers]:
    leaves: dict[Leaf, float] = {
        (f"v{i}", place): float(v[place])
        for i, v in enumerate(values)
        if isinstance(v, Tensor)
        for place in product(*map(range, v.shape))
    }
    graph: Any = Empty()
    found = Numbers(graph, Random(0), 0, most=12, leaves=leaves)
    places = list(found.places(value.type.shape))
    return {place: found.all(value, place)[0] for place in places}, found


def zeroed(given: Case, chance: Random) -> list[Any]:
    """Operands of which some floats are 0 throughout."""
    values = drawn(given)
    for i, operand in enumerate(given.operands):
        if isinstance(operand, Given) and operand.dtype == "float" and chance.random() < 0.5:
            values[i] = torch.zeros_like(values[i])
    return values


def check(given: Case, values: list[Any]) -> bool:
    found, numbers = numbers_of(application(given), values)
    if numbers.unseen:
        return False
    expected = result(given, values).double()
    if numbers.loose:
        assert all(n == 0 for n in found.values()) == bool((expected == 0).all())
        return True
    for place, number in found.items():
        true = float(expected[place])
        if math.isfinite(number) and math.isfinite(true):
            assert number == pytest.approx(true, rel=1e-6, abs=1e-9), (place, number, true)
    return True


@pytest.mark.parametrize("entry", all_functions(), ids=lambda entry: entry.name)
def test_numbers_are_those_of_torch(entry: Function) -> None:
    chance, seen = Random(0), set()
    for seed, given in enumerate(c for c in CASES if c.name == entry.name):
        torch.manual_seed(seed)
        for values in (drawn(given), zeroed(given, chance)):
            seen.add(check(given, values))
    assert (True in seen) or entry.name in UNKNOWN


INDICES: dict[str, tuple[tuple[Any, ...], tuple[int, ...]]] = {
    "a row": ((1,), (4,)),
    "a column": ((..., 2), (3,)),
    "from the end": ((-1, -2), ()),
    "some columns": ((Range(None, None, None), Range(constant(1), None, 2)), (3, 2)),
    "up to": ((Range(None, constant(2), None),), (2, 4)),
}


@pytest.mark.parametrize(("items", "shape"), INDICES.values(), ids=INDICES)
def test_elements_are_those_of_the_index(items: tuple[Any, ...], shape: tuple[int, ...]) -> None:
    table = torch.rand(3, 4, dtype=torch.float64)
    of = Reference("v0", type_of(real(3, 4)), NOWHERE)
    found, _ = numbers_of(Select(of, items, type_of(real(*shape)), NOWHERE), [table])
    slices = tuple(_slice(i) if isinstance(i, Range) else i for i in items)
    assert {p: float(table[slices][p]) for p in found} == found


def _slice(item: Range) -> slice:
    start, stop = (None if size is None else size.value for size in (item.start, item.stop))
    return slice(start, stop, item.step)
