"""What a row says its function does with its arguments, held to torch on random arguments.

Moves: an operand that changes along one slice changes the result in the slice that its row names.
Linear: the value at a point between two is between the values. Parts and terms: written otherwise,
a value is the same. Broken: where no gradient flows the derivative is zero or the function jumps,
and elsewhere it has a derivative and does not jump.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from storchc.catalogue.function import Algebra, Function
from storchc.catalogue.functions import algebra, all_functions, lookup, moves
from storchc.ir.expression import Apply, Literal, Range, Reference, Select, Value
from storchc.ir.types import ValueType
from storchc.source import Span
from tests.catalogue.functions import values as tools
from tests.catalogue.functions.cases import CASES
from tests.catalogue.functions.values import (
    DTYPES,
    Case,
    Given,
    entry_of,
    filled,
    inferred,
    run,
    type_of,
)

NOWHERE = Span(0, 0)
pytestmark = pytest.mark.filterwarnings("ignore:An output with one or more elements was resized")


def application(case: Case) -> Apply:
    """The function applied to ``v0``, ``v1``, … and to the numbers of the case."""
    types = tuple(map(type_of, case.operands))
    outcome = inferred(entry_of(case.name), types, case)
    operands = tuple(
        Reference(f"v{i}", types[i], NOWHERE)
        if isinstance(operand, Given)
        else Literal(operand, types[i], NOWHERE)
        for i, operand in enumerate(case.operands)
    )
    settings = filled(entry_of(case.name), case.settings, len(types))
    type_ = ValueType(frozenset(), outcome.shape, outcome.dtype)
    return Apply(case.name, operands, settings, type_, NOWHERE)


def plain(case: Case) -> tuple[tuple[str, ...], ...]:
    """The layout without plates."""
    return ((),) * len(case.operands)


def drawn(case: Case) -> list[Any]:
    return [o.draw(()) if isinstance(o, Given) else o for o in case.operands]


def result(case: Case, values: list[Any]) -> Tensor:
    found, outcome, _ = run(case, plain(case), values)
    return torch.as_tensor(found, dtype=DTYPES[outcome.dtype])


# --- moves ---------------------------------------------------------------------------------------


def check_moves(case: Case, row: Algebra) -> int:
    """Assert that slices change where the row says; the number of dimensions that stay apart."""
    apart, value = 0, application(case)
    for position, operand in enumerate(case.operands):
        if not isinstance(operand, Given):
            continue
        move = row.moves(value, position)
        for dim in range(-len(operand.shape), 0):
            place = move(dim)
            if place is not None:
                apart += 1
                for slice_ in range(operand.shape[dim]):
                    _check_slice(case, position, dim, place, slice_)
    return apart


def _check_slice(case: Case, position: int, dim: int, place: int, slice_: int) -> None:
    operand, values = case.operands[position], drawn(case)
    assert isinstance(operand, Given)
    others = list(values)
    others[position] = values[position].clone()
    others[position].select(dim, slice_).copy_(operand.draw(()).select(dim, slice_))
    before, after = result(case, values), result(case, others)
    same = torch.isclose(before, after, rtol=1e-9, atol=1e-9, equal_nan=True)
    assert -before.dim() <= place < 0, "the result lacks the dimension"
    size = before.shape[place]
    if operand.shape[dim] == 1:  # repeated
        return
    assert size == operand.shape[dim], "the dimension has another size in the result"
    rest = [i for i in range(size) if i != slice_]
    assert same.index_select(place, torch.tensor(rest)).all(), f"{dim} -> {place} of {position}"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_changes_along_a_slice_is_the_slice_that_the_row_names(case: Case) -> None:
    torch.manual_seed(0)
    check_moves(case, entry_of(case.name).algebra)


# --- linear --------------------------------------------------------------------------------------


def check_linear(case: Case, row: Algebra) -> set[int]:
    """Assert that the function is affine in each set of its row; the operands that were tried."""
    tried: set[int] = set()
    for together in row.linear(application(case)):
        floats = [
            i
            for i in together
            if i < len(case.operands)
            and isinstance(operand := case.operands[i], Given)
            and operand.dtype == "float"
        ]
        if floats:
            _check_line(case, floats)
            tried |= set(floats)
    return tried


def _check_line(case: Case, positions: list[int]) -> None:
    first, other, between = drawn(case), drawn(case), 0.3
    for i in range(len(first)):
        if i not in positions:
            other[i] = first[i]
    middle = list(first)
    for i in positions:
        middle[i] = between * first[i] + (1 - between) * other[i]
    ends = result(case, first), result(case, other)
    expected = between * ends[0] + (1 - between) * ends[1]
    torch.testing.assert_close(result(case, middle), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_function_is_linear_in_what_its_row_names(case: Case) -> None:
    torch.manual_seed(0)
    check_linear(case, entry_of(case.name).algebra)


def test_every_row_that_names_a_set_is_tried() -> None:
    tried = {case.name for case in CASES if check_linear(case, entry_of(case.name).algebra)}
    claimed = {c.name for c in CASES if any(entry_of(c.name).algebra.linear(application(c)))}
    assert claimed == tried


# --- terms ---------------------------------------------------------------------------------------


def evaluate(value: Value | int | Range, names: dict[str, Tensor]) -> Any:
    """An expression of the catalogue's functions, by their own code."""
    match value:
        case Reference(name):
            return names[name]
        case Literal(number):
            return number
        case Select(inner, items):
            return evaluate(inner, names)[tuple(_index(item) for item in items)]
        case Apply(function, operands, settings, type_):
            found = [evaluate(operand, names) for operand in operands]
            kinds = tuple(
                v if not isinstance(v, Tensor) else Given(tuple(v.shape), o.type.dtype)
                for v, o in zip(found, operands, strict=True)
            )
            case = Case(function, kinds, lambda *_: torch.empty(0), settings)
            computed, outcome, _ = run(case, plain(case), found)
            assert (outcome.shape, outcome.dtype) == (type_.shape, type_.dtype)
            return computed
    raise AssertionError(value)


def _index(item: Any) -> Any:
    if isinstance(item, Range):
        start, stop = (None if end is None else end.value for end in (item.start, item.stop))
        return slice(start, stop, item.step)
    return item


def written(case: Case) -> list[Value]:
    """What the row writes in place of the function, by both rules."""
    row, value = entry_of(case.name).algebra, application(case)
    answers = [rule(value) for rule in (row.parts, row.terms) if rule is not None]
    return [answer for answer in answers if answer is not None]


WRITTEN = [case for case in CASES if written(case)]


@pytest.mark.parametrize("case", WRITTEN, ids=str)
def test_written_otherwise_a_value_is_the_same(case: Case) -> None:
    torch.manual_seed(0)
    values = drawn(case)
    for other in written(case):
        assert other.type == application(case).type
        found = evaluate(other, {f"v{i}": v for i, v in enumerate(values)})
        torch.testing.assert_close(found, result(case, values), rtol=1e-12, atol=1e-12)


def test_every_way_to_write_a_function_is_tried() -> None:
    rows = [entry for entry in all_functions() if entry.algebra.parts or entry.algebra.terms]
    assert {entry.name for entry in rows} == {case.name for case in WRITTEN}


# --- gradients -----------------------------------------------------------------------------------

STEPS = 501
JUMP = {  # though a gradient flows: on each piece, between the jumps
    *(("fmod", 0), ("frac", 0), ("hardshrink", 0), ("remainder", 0), ("threshold", 0)),
    *(("fmod", 1), ("remainder", 1)),
    ("atan2", 0),  # by a whole turn, where the point crosses the axis on the left
    ("softplus", 0),  # at ``threshold``: by 2e-9 with torch's own, by more with a lower one
    ("poisson_nll_loss", 1),  # ``full`` has Stirling's formula for targets above 1 only
}


def line(case: Case, position: int, ends: tuple[float, float], seed: int) -> Tensor:
    """The function along a line on which one operand moves: ``[STEPS, *event]``."""
    torch.manual_seed(seed)
    values = drawn(case)
    other = drawn(case)[position]
    at = torch.linspace(*ends, STEPS, dtype=torch.float64).reshape(-1, *(1,) * other.dim())
    values[position] = values[position] + at * (other - values[position])
    layout = tuple(("data",) if i == position else () for i in range(len(values)))
    return run(case, layout, values)[0]


def jumps(case: Case, position: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the result jumps somewhere between random operands; poles are no jumps."""
    monkeypatch.setitem(tools.PLATES, "data", STEPS)
    for seed in range(6):
        coarse = line(case, position, (0.0, 1.0), seed)
        largest, at = _largest_step(coarse)
        if largest < 1e-3:
            continue
        near = (at / (STEPS - 1), (at + 1) / (STEPS - 1))
        if _largest_step(line(case, position, near, seed))[0] > 0.5 * largest:
            return True
    return False


def _largest_step(along: Tensor) -> tuple[float, int]:
    numbers = along.double().reshape(STEPS, -1)
    bounded = (numbers.abs() < 50).all(dim=1)
    steps = numbers.diff(dim=0).abs().amax(dim=1) * (bounded[1:] & bounded[:-1])
    return float(steps.max()), int(steps.argmax())


def slope(case: Case, position: int) -> Tensor | None:
    """The derivative by autograd of the sum of the result, or None where there is none."""
    torch.manual_seed(0)
    values = drawn(case)
    values[position].requires_grad_()
    try:
        found = run(case, plain(case), values)[0]
    except RuntimeError as refused:
        assert "not differentiable" in str(refused)
        return None
    if not found.requires_grad:
        return None
    (gradient,) = torch.autograd.grad((found**2).sum(), values[position], allow_unused=True)
    return gradient


def floats(cases: Iterable[Case]) -> Iterator[tuple[Case, int]]:
    for case in cases:
        for position, operand in enumerate(case.operands):
            if isinstance(operand, Given) and operand.dtype == "float" and operand.shape:
                yield case, position


def check_flow(entry: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert what the row says of gradients, operand by operand."""
    for position in range(4):
        found = [c for c, i in floats(c for c in CASES if c.name == entry.name) if i == position]
        if not found:
            continue
        slopes = [slope(case, position) for case in found]
        flat = [s is None or not s.any() for s in slopes]
        leaps = any(jumps(case, position, monkeypatch) for case in found)
        if entry.breaks(position):
            assert entry.cut or any(flat), f"a gradient flows through operand {position}"
        else:
            assert not all(flat), f"torch has no derivative to operand {position}"
            known = (entry.name, position) in JUMP
            assert leaps == known, f"it jumps as operand {position} moves"


@pytest.mark.parametrize("entry", all_functions(), ids=lambda entry: entry.name)
def test_gradients_flow_where_the_row_says(
    entry: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_flow(entry, monkeypatch)


# --- the checks bite -----------------------------------------------------------------------------

WRONG_MOVES = {
    "softmax": moves.elementwise,
    "transpose": moves.elementwise,
    "matmul": moves.elementwise,
    "sum": moves.elementwise,
    "cdist": moves.elementwise,
    "layer_norm": moves.last,
    "glu": moves.elementwise,
    "cross_entropy": moves.elementwise,
    "flip": moves.elementwise,
    "embedding": moves.elementwise,
}
WRONG_SETS = {
    "exp": algebra.together,
    "multiply": algebra.together,
    "divide": algebra.each,
    "lerp": algebra.together,
    "mse_loss": algebra.each,
    "kl_div": algebra.only({1}),
    "cross_entropy": algebra.only({0}),
    "max": algebra.together,
}
WRONG_FLOW: dict[str, Any] = {
    "floor": "none",
    "hardshrink": "all",
    "frac": "all",
    "fmod": "all",
    "argmax": "none",
    "hinge_embedding_loss": "none",
    "exp": "all",
    "sort": "all",
}


@pytest.mark.parametrize("name", WRONG_MOVES)
def test_a_wrong_move_is_found_out(name: str) -> None:
    wrong = replace(entry_of(name).algebra, moves=WRONG_MOVES[name])
    with pytest.raises(AssertionError):
        for case in (c for c in CASES if c.name == name):
            check_moves(case, wrong)


@pytest.mark.parametrize("name", WRONG_SETS)
def test_what_is_not_linear_is_found_out(name: str) -> None:
    wrong = replace(entry_of(name).algebra, linear=WRONG_SETS[name])
    with pytest.raises(AssertionError):
        for case in (c for c in CASES if c.name == name):
            check_linear(case, wrong)


@pytest.mark.parametrize("name", WRONG_FLOW)
def test_a_gradient_that_is_wrongly_said_to_flow_or_not_is_found_out(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = replace(entry_of(name), broken=WRONG_FLOW[name])
    with pytest.raises(AssertionError):
        check_flow(wrong, monkeypatch)


# --- what a row must say -------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["broken", "algebra"])
def test_a_row_that_does_not_say_it_is_no_row(field: str) -> None:
    exp = lookup("exp")
    assert exp is not None
    said = {name: getattr(exp, name) for name in exp.__dataclass_fields__ if name != field}
    with pytest.raises(TypeError, match=f"missing 1 required positional argument: '{field}'"):
        Function(**said)
