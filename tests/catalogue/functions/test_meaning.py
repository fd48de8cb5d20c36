"""Every function, run on values with plates, does for each element what torch does for it alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice, product
from typing import Any

import pytest
import torch
from torch import Tensor

from storchc.catalogue.function import Misfit
from storchc.catalogue.functions import all_functions, names
from storchc.ir.types import Dtype
from tests.catalogue.functions.cases import CASES
from tests.catalogue.functions.values import (
    DTYPES,
    PLATES,
    Case,
    Given,
    elements,
    entry_of,
    layouts,
    lifted,
    run,
    slices,
    union,
)

pytestmark = pytest.mark.filterwarnings("ignore:An output with one or more elements was resized")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_element_of_the_plates_means_what_it_means_alone(case: Case) -> None:
    torch.manual_seed(0)
    for layout in layouts(case):
        values = [
            o.draw(plates) if isinstance(o, Given) else o
            for o, plates in zip(case.operands, layout, strict=True)
        ]
        result, outcome, text = run(case, layout, values)
        plates = union(layout)
        sizes = [PLATES[p] for p in plates] + [s.value for s in outcome.shape]
        assert list(result.shape) == sizes, text
        assert result.dtype == DTYPES[outcome.dtype], text
        for element in elements(plates):
            expected = lifted(case.meaning(*slices(values, layout, element)))
            found = result[tuple(element.values())]
            assert found.shape == expected.shape, text
            torch.testing.assert_close(
                found, expected.to(found.dtype), rtol=1e-12, atol=1e-12, equal_nan=True, msg=text
            )


def _floats(case: Case) -> list[int]:
    broken = entry_of(case.name).broken
    if broken == "all":
        return []
    allowed = frozenset() if broken == "none" else broken
    floats = [i for i, o in enumerate(case.operands) if isinstance(o, Given) and o.dtype == "float"]
    return [i for i in floats if i not in allowed]


@pytest.mark.parametrize("case", [c for c in CASES if _floats(c)], ids=str)
def test_gradients_reach_every_operand_that_is_not_broken(case: Case) -> None:
    layout = tuple(("data",) if isinstance(o, Given) else () for o in case.operands)
    values: list[Any] = [o.draw(("data",)) if isinstance(o, Given) else o for o in case.operands]
    for i in _floats(case):
        values[i].requires_grad_()
    result, outcome, text = run(case, layout, values)
    if outcome.dtype != "float":
        return
    assert isinstance(result, Tensor)
    found = torch.autograd.grad(result.sum(), [values[i] for i in _floats(case)], allow_unused=True)
    assert None not in found, text


def _other_dtypes(case: Case) -> Iterator[Case]:
    """The case with other dtypes among its operands; floats as they are, others within [0, 1]."""
    every: tuple[Dtype, ...] = ("float", "int", "bool")
    ways = [
        [o, *(replace(o, dtype=d, definite=False) for d in every if d != o.dtype)]
        if isinstance(o, Given)
        else [o]
        for o in case.operands
    ]
    for operands in islice(product(*ways), 1, 27):
        yield replace(case, operands=operands)


DEMANDING = {"inverse", "cholesky", "binary_cross_entropy"}
"""Those that torch refuses some values of."""


@pytest.mark.parametrize("case", [c for c in CASES if c.name not in DEMANDING], ids=str)
def test_operands_of_any_dtype_run_and_are_differentiated(case: Case) -> None:
    torch.manual_seed(0)
    for other in _other_dtypes(case):
        operands = other.operands
        layout = tuple(("data",) if isinstance(o, Given) else () for o in operands)
        values: list[Any] = [o.draw(("data",)) if isinstance(o, Given) else o for o in operands]
        floats = [
            v.requires_grad_() for v in values if torch.is_tensor(v) and v.is_floating_point()
        ]
        try:
            result, outcome, text = run(other, layout, values)
        except Misfit:
            continue
        except RuntimeError as error:
            assert "ZeroDivisionError" in str(error), other
            continue
        assert result.dtype == DTYPES[outcome.dtype], text
        if floats and result.requires_grad:
            torch.autograd.grad(result.sum(), floats, allow_unused=True)


def test_every_function_has_a_case() -> None:
    assert sorted({case.name for case in CASES}) == names()


def test_every_entry_stands_under_its_own_name_with_a_summary() -> None:
    assert [entry.name for entry in all_functions()] == names()
    assert all(entry.summary and not entry.summary.endswith(".") for entry in all_functions())
