"""Where rows say that results lie, and how they move, held to torch on random arguments.

Operands are drawn from random ranges within those of a case. Every result must lie in the range
that the row makes of theirs; and along lines on which one operand moves, torch's values and slopes
may jump or grow without bounds only where the row says so.
"""

from __future__ import annotations

import math
import random
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from storchc.catalogue.function import Function, Smoothness
from storchc.catalogue.functions import all_functions, ranging, smooth
from storchc.ir import ranges as at
from storchc.ir.ranges import Range
from tests.catalogue.functions import values as tools
from tests.catalogue.functions.cases import CASES
from tests.catalogue.functions.test_algebra import application
from tests.catalogue.functions.values import Case, Given, Operand, case, entry_of, real, run

pytestmark = pytest.mark.filterwarnings("ignore:An output with one or more elements was resized")

STEPS = 201
WORSE: tuple[Smoothness, ...] = ("smooth", "bend", "corner", "jump", "pole")
FURTHER = [  # ranks and sizes on which ranges and smoothness depend
    *(
        case(name, real(size), means=lambda a: a, **settings)
        for name in ("norm", "normalize")
        for size in (1, 2, 3)
        for settings in ({}, {"p": 1}, {"p": 3}, {"p": math.inf})
    ),
    *(case(name, real(size), means=lambda a: a) for name in ("std", "var") for size in (2, 3)),
    *(case(name, real(1), means=lambda a: a) for name in ("max", "sort", "softmax", "median")),
    *(
        case(name, real(size), means=lambda a: a, normalized_shape=(size,))
        for name in ("layer_norm", "rms_norm")
        for size in (1, 2, 3)
    ),
    *(case("cosine_similarity", real(n), real(n), means=lambda a, b: a) for n in (1, 2)),
    *(case("elu", real(2), means=lambda a: a, alpha=alpha) for alpha in (1.0, -1.0)),
    *(case("cdist", real(2, n), real(2, n), means=lambda a, b: a) for n in (1, 2)),
    *(case("power", real(2), n, means=lambda a, b: a) for n in (-1, -2, 3, 0)),
    *(case("power", Given((2,), low=0.0), b, means=lambda a, b: a) for b in (0.5, 1.5, 2.5)),
    case("threshold", real(3), means=lambda a: a, threshold=0.5, value=0.5),
    case("log", Given((2,), low=0.0), means=lambda a: a),
    case("sqrt", Given((2,), low=0.0), means=lambda a: a),
]


def narrowed(operand: Operand, chance: random.Random) -> tuple[Operand, Range]:
    """An operand of a random part of its range, and that part."""
    if not isinstance(operand, Given):
        return operand, at.exactly(operand)
    low, high = operand.low, operand.high
    if operand.dtype == "bool":
        return operand, at.TRUTH
    if operand.definite:
        return operand, at.REAL
    if operand.dtype == "int":
        return operand, Range(float(low), float(high - 1), whole=True)
    wide = (2 * low, 2 * high) if low == -2.0 else (low, high)
    cut = low + (high - low) * chance.uniform(0.2, 0.8)
    parts = [wide, (low, high), (cut, high), (low, cut)]
    if low < 0 < high:
        parts += [(0.0, high), (low, 0.0)]
    chosen = chance.choice(parts)
    return replace(operand, low=chosen[0], high=chosen[1]), Range(*chosen)


def variants(given: Case, count: int) -> list[tuple[Case, tuple[Range, ...]]]:
    chance = random.Random(str(given))
    found = []
    for _ in range(count):
        pairs = [narrowed(operand, chance) for operand in given.operands]
        operands, ranges = zip(*pairs, strict=True) if pairs else ((), ())
        found.append((replace(given, operands=operands), ranges))
    return found


def drawn(given: Case) -> list[Any]:
    return [o.draw(()) if isinstance(o, Given) else o for o in given.operands]


# --- ranges --------------------------------------------------------------------------------------


def lies_in(result: Tensor, claim: Range) -> None:
    numbers = result.double().flatten()
    numbers = numbers[~numbers.isnan()]
    slack = 1e-9 * (1 + numbers.abs())
    slack[numbers.isinf()] = 0
    assert (numbers >= claim.low - slack).all(), (claim, numbers.min())
    assert (numbers <= claim.high + slack).all(), (claim, numbers.max())
    finite = numbers[numbers.isfinite()]
    if claim.whole:
        assert (finite == finite.round()).all(), claim
    if claim.nonzero:
        assert (finite != 0).all(), claim
    if claim.simplex:
        assert (claim.low, claim.high) >= (0.0, 0.0) and result.dim(), claim
        sums = result.double().sum(-1)
        torch.testing.assert_close(sums, torch.ones_like(sums), rtol=1e-6, atol=1e-6)


def check_range(entry: Function, given: Case, ranges: tuple[Range, ...], seed: int) -> None:
    torch.manual_seed(seed)
    claim = entry.range(application(given), ranges)
    for _ in range(4):
        values = drawn(given)
        result, _, _ = run(given, ((),) * len(values), values)
        lies_in(torch.as_tensor(result), claim)


def check_ranges(entry: Function, count: int) -> None:
    for given in (c for c in (*CASES, *FURTHER) if c.name == entry.name):
        for seed, (variant, ranges) in enumerate(variants(given, count)):
            check_range(entry, variant, ranges, seed)


@pytest.mark.parametrize("entry", all_functions(), ids=lambda entry: entry.name)
def test_results_lie_where_the_row_says(entry: Function) -> None:
    check_ranges(entry, 3)


@pytest.mark.parametrize("entry", all_functions(), ids=lambda entry: entry.name)
def test_probabilities_stay_so_where_the_row_says(entry: Function) -> None:
    torch.manual_seed(0)
    for given in (c for c in CASES if c.name == entry.name):
        pairs = [narrowed(o, random.Random(0)) for o in given.operands]
        ranges = [found for _, found in pairs]
        values = drawn(replace(given, operands=tuple(operand for operand, _ in pairs)))
        floats = [
            i
            for i, o in enumerate(given.operands)
            if isinstance(o, Given) and o.dtype == "float" and o.shape and not o.definite
        ]
        for i in floats:
            values[i], ranges[i] = values[i].softmax(-1), at.SIMPLEX
        result, _, _ = run(given, ((),) * len(values), values)
        if floats:
            lies_in(torch.as_tensor(result), entry.range(application(given), tuple(ranges)))


# --- smoothness ----------------------------------------------------------------------------------


class Line:
    """The function along a line on which one operand moves, and its slope there."""

    def __init__(self, given: Case, position: int, seed: int) -> None:
        torch.manual_seed(seed)
        self.given, self.position = given, position
        self.values, self.other = drawn(given), drawn(given)[position]
        self.weights: Tensor | None = None

    def along(self, ends: tuple[float, float]) -> tuple[Tensor, Tensor | None]:
        """Values and slopes, a sum over the elements with random weights: ``[STEPS]`` each."""
        t = torch.linspace(*ends, STEPS, dtype=torch.float64, requires_grad=True)
        at_ = t.reshape(-1, *(1,) * self.other.dim())
        values = list(self.values)
        values[self.position] = values[self.position] + at_ * (self.other - values[self.position])
        layout = tuple(("data",) if i == self.position else () for i in range(len(values)))
        try:
            result = torch.as_tensor(run(self.given, layout, values)[0])
        except RuntimeError as refused:
            assert "not differentiable" in str(refused)
            with torch.no_grad():
                moved = [v.detach() if isinstance(v, Tensor) else v for v in values]
                result = torch.as_tensor(run(self.given, layout, moved)[0])
        flat = result.double().reshape(STEPS, -1)
        if self.weights is None:
            self.weights = torch.rand(flat.shape[1], dtype=torch.float64) + 0.5
        total = flat @ self.weights
        if not total.requires_grad:
            return total.detach(), None
        (slope,) = torch.autograd.grad(total.sum(), t, allow_unused=True)
        return total.detach(), slope


def found_along(line: Line) -> Smoothness:
    """The worst that can be seen."""
    values, slopes = line.along((0.0, 1.0))
    if not values.isfinite().all() and values.isnan().any():
        return "smooth"  # beyond where it is defined
    if leaps(line, 0):
        return "jump"
    if slopes is None:
        return "smooth"
    worst = grows(line)
    if worst is not None:
        return worst
    if leaps(line, 1):
        return "corner"
    return "bend" if leaps(line, 2) else "smooth"


def curve(line: Line, order: int, ends: tuple[float, float]) -> Tensor:
    values, slopes = line.along(ends)
    if order == 0:
        return values
    assert slopes is not None
    if order == 1:
        return slopes
    return slopes.diff() * (STEPS - 1) / (ends[1] - ends[0])


def leaps(line: Line, order: int) -> bool:
    """Whether a derivative of this order jumps somewhere: by as much, however near one looks."""
    ends, before = (0.0, 1.0), None
    for _ in range(3):
        along = curve(line, order, ends)
        steps = along.diff().abs()
        steps[~steps.isfinite()] = 0
        largest, place = float(steps.max()), int(steps.argmax())
        if largest < 1e-4 * (1 + float(torch.where(along.isfinite(), along.abs(), 0).max())):
            return False
        if before is not None and largest < 0.4 * before:
            return False
        before = largest
        unit = (ends[1] - ends[0]) / (STEPS - 1)
        ends = (ends[0] + (place - 1) * unit, ends[0] + (place + 2 + order) * unit)
    return True


def grows(line: Line) -> Smoothness | None:
    """Whether slopes grow without bounds: a pole where values do too."""
    ends, tops = (0.0, 1.0), []
    for _ in range(3):
        values, slopes = line.along(ends)
        assert slopes is not None
        sizes = torch.where(slopes.isfinite(), slopes.abs(), 0)
        place = int(sizes.argmax())
        size = torch.where(values.isfinite(), values.abs(), 0).max()
        tops.append((float(size), float(sizes.max())))
        unit = (ends[1] - ends[0]) / (STEPS - 1)
        ends = (ends[0] + (place - 1) * unit, ends[0] + (place + 1) * unit)
    if not tops[2][1] > 4 * tops[1][1] > 16 * tops[0][1] > 0:
        return None
    return "pole" if tops[2][0] > tops[1][0] + 1 > tops[0][0] + 2 else "corner"


def moving(given: Case) -> list[int]:
    return [i for i, o in enumerate(given.operands) if isinstance(o, Given) and o.dtype == "float"]


def check_smooth(
    entry: Function, given: Case, ranges: tuple[Range, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Assert that nothing worse is found than is claimed."""
    monkeypatch.setitem(tools.PLATES, "data", STEPS)
    claims = entry.smoothness(application(given), ranges)
    assert len(claims) == len(given.operands)
    for position in moving(given):
        found = found_along(Line(given, position, 0))
        claim = claims[position]
        assert entry.cut or WORSE.index(found) <= WORSE.index(claim), (position, found, ranges)


@pytest.mark.parametrize("entry", all_functions(), ids=lambda entry: entry.name)
def test_nothing_worse_is_found_than_the_row_says(
    entry: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_all_smooth(entry, 2, monkeypatch)


def check_all_smooth(entry: Function, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for given in (c for c in (*CASES, *FURTHER) if c.name == entry.name):
        for variant, ranges in variants(given, count):
            check_smooth(entry, variant, ranges, monkeypatch)


@pytest.mark.parametrize("entry", all_functions(), ids=lambda entry: entry.name)
@pytest.mark.parametrize(
    "count",
    [pytest.param(6, marks=pytest.mark.certify), pytest.param(30, marks=pytest.mark.certify_all)],
)
def test_rows_hold_for_many_random_ranges(
    entry: Function, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_ranges(entry, count)
    check_all_smooth(entry, count, monkeypatch)


UNSEEN = {
    **dict.fromkeys(("all", "any", "bool", "equal", "not_equal"), "at one number only"),
    **dict.fromkeys(("logical_and", "logical_not", "logical_or", "logical_xor"), "the same"),
    **dict.fromkeys(("log", "logdet", "sqrt"), "where the function is defined no further"),
    "layer_norm": "eps rounds it off",
    "hinge_embedding_loss": "for targets of 1 and -1 alone",
}
"""What rows claim that no sampling shows, and why."""

BAD = {"smooth": 0, "bend": 1, "corner": 2, "jump": 3, "pole": 3}


def check_found(entry: Function, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that what is claimed is found somewhere: `jump` and `pole` look alike."""
    monkeypatch.setitem(tools.PLATES, "data", STEPS)
    claimed: dict[int, int] = {}
    seen: dict[int, int] = {}
    for given in (c for c in (*CASES, *FURTHER) if c.name == entry.name):
        for variant, ranges in variants(given, count):
            claims = entry.smoothness(application(variant), ranges)
            for position in moving(variant):
                claim = BAD[claims[position]]
                claimed[position] = max(claimed.get(position, 0), claim)
                for seed in range(3):
                    if seen.get(position, 0) < claim:
                        found = BAD[found_along(Line(variant, position, seed))]
                        seen[position] = max(seen.get(position, 0), found)
    assert all(seen.get(position, 0) >= claim for position, claim in claimed.items())


@pytest.mark.certify
@pytest.mark.parametrize(
    "entry", [e for e in all_functions() if e.name not in UNSEEN], ids=lambda entry: entry.name
)
def test_what_the_row_says_is_found(entry: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    check_found(entry, 4, monkeypatch)


# --- the checks bite -----------------------------------------------------------------------------

WRONG_RANGES = {
    "exp": ranging.one(lambda a: a),
    "sigmoid": ranging.fixed(Range(0.5, 1.0)),
    "subtract": ranging.two(at.add),
    "multiply": ranging.two(at.add),
    "softmax": ranging.fixed(Range(0.0, 0.5)),
    "sum": ranging.mean,
    "where": ranging.one(lambda a: a),
    "take": ranging.fixed(at.POSITIVE),
    "norm": ranging.fixed(at.UNIT),
}
WRONG_SMOOTHNESS = {
    "abs": smooth.SMOOTH,
    "elu": smooth.SMOOTH,
    "floor": smooth.CORNERS,
    "clamp": smooth.SMOOTH,
    "greater": smooth.SMOOTH,
    "divide": smooth.SMOOTH,
    "huber_loss": smooth.SMOOTH,
    "max": smooth.BENDS,
    "norm": smooth.SMOOTH,
    "atan2": smooth.SMOOTH,
}


EXAGGERATED = {
    "exp": smooth.CORNERS,
    "abs": smooth.JUMPS,
    "huber_loss": smooth.CORNERS,
}


def _mutated(name: str, **changes: Any) -> Function:
    entry = entry_of(name)
    fields = {field: getattr(entry, field) for field in Function.__dataclass_fields__}
    return Function(**{**fields, **changes})


@pytest.mark.parametrize("name", WRONG_RANGES)
def test_a_wrong_range_is_found(name: str) -> None:
    with pytest.raises(AssertionError):
        check_ranges(_mutated(name, range=WRONG_RANGES[name]), 8)


@pytest.mark.parametrize("name", WRONG_SMOOTHNESS)
def test_a_kink_or_jump_that_a_row_hides_is_found(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(AssertionError):
        check_all_smooth(_mutated(name, smoothness=WRONG_SMOOTHNESS[name]), 12, monkeypatch)


@pytest.mark.parametrize("name", EXAGGERATED)
def test_a_kink_or_jump_that_is_not_there_is_found(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(AssertionError):
        check_found(_mutated(name, smoothness=EXAGGERATED[name]), 2, monkeypatch)
