"""Operators: arithmetic, comparisons, logic, and the choice between two values."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import partial
from typing import Literal

from storchc.catalogue.function import (
    Algebra,
    Arguments,
    Emission,
    Function,
    Misfit,
    Outcome,
    Parameter,
    Ranging,
    Smooth,
)
from storchc.catalogue.functions import algebra, moves, relations
from storchc.catalogue.functions.algebra import ELEMENTWISE, PRODUCT, SUM
from storchc.catalogue.functions.fitting import broadcast, elementwise, numeric
from storchc.catalogue.functions.folding import common
from storchc.catalogue.functions.ranging import TRUTH, one, same, two
from storchc.catalogue.functions.smooth import SMOOTH, by, compared, steps, unmoved
from storchc.catalogue.functions.writing import convert, converted, settled, tensor
from storchc.ir import ranges as at
from storchc.python.expressions import Py, call, infix, literal, prefix

Number = int | float | bool
Fold = Callable[[Number, Number], Number]
PAIR = (Parameter("input"), Parameter("other"))
ONE = (Parameter("input"),)


# --- arithmetic ----------------------------------------------------------------------------------


def _arithmetic(args: Arguments) -> Outcome:
    return elementwise(numeric(args.promoted()), args)


def _multiply(args: Arguments) -> Outcome:
    return elementwise(args.promoted(), args)


def _divide(args: Arguments) -> Outcome:
    return elementwise("float", args)


def _whole(args: Arguments) -> Outcome:
    outcome = _arithmetic(args)
    if outcome.dtype == "int" and args.numbers[1] in (0, False) and args.numbers[1] is not None:
        raise Misfit("division of an integer by zero", "divide by another number, or by a float", 1)
    return outcome


def _power(args: Arguments) -> Outcome:
    exponent = args.numbers[1]
    negative = exponent is not None and exponent < 0
    return elementwise("float" if negative else numeric(args.promoted()), args)


def _within(infer: Callable[[Arguments], Outcome], fold: Fold, args: Arguments) -> Outcome:
    outcome = infer(args)
    left, right = args.numbers
    if outcome.dtype != "int" or left is None or right is None:
        return outcome
    if not -(2**63) <= fold(left, right) < 2**63:
        raise Misfit("the integer result does not fit into 64 bits", "write one number as a float")
    return outcome


def _infix(op: str, e: Emission) -> Py:
    left, right = settled(e)
    if op == "-":  # torch does not subtract bools
        codes = enumerate((left, right))
        left, right = (converted(e, i) if e.types[i].dtype == "bool" else c for i, c in codes)
    if op == "**" and e.types[1].dtype == "bool":  # nor differentiates powers of them
        right = converted(e, 1)
    if op == "%" and e.result.dtype == "float" and e.plain == {0}:
        left = tensor(e, 0)  # torch has no derivative of the remainder of a number
    if op == "//" and e.result.dtype == "float" and e.plain != {0, 1}:
        first = tensor(e, 0) if 0 in e.plain else left  # torch's `//` has no derivative
        return call("torch.div", first, right, rounding_mode=literal("floor"))
    return infix(op, left, right)


def _total_divide(a: Number, b: Number) -> Number:
    if b:
        return a / b
    return math.nan if a == 0 or a != a else math.copysign(math.inf, a) * math.copysign(1, b)


def _total_whole(function: Callable[[Number, Number], Number], a: Number, b: Number) -> Number:
    if b:
        return function(a, b)
    return _total_divide(a, b) if function is operator.floordiv else math.nan


def _total_power(a: Number, b: Number) -> Number:
    large = b > 64 and abs(a) > 1  # an integer power this large would take for ever
    try:
        result = float(a) ** b if large else a**b
    except (ZeroDivisionError, OverflowError):
        return math.inf
    return math.nan if isinstance(result, complex) else result


def _operator(
    name: str,
    op: str,
    summary: str,
    infer: Callable[[Arguments], Outcome],
    fold: Fold,
    algebra: Algebra,
    broken: Literal["all", "none"],
    range: Ranging,
    smoothness: Smooth = SMOOTH,
) -> Function:
    return Function(
        name,
        summary,
        PAIR,
        partial(_within, infer, fold),
        partial(_infix, op),
        broken=broken,
        algebra=algebra,
        range=range,
        smoothness=smoothness,
        numbers="all",
        fold=fold,
        symbol=op,
        group="operators",
    )


QUOTIENT = Algebra(moves.elementwise, algebra.only({0}))
ARITHMETIC = (
    _operator("add", "+", "a + b", _arithmetic, operator.add, SUM, "none", two(at.add)),
    _operator(
        "subtract", "-", "a - b", _arithmetic, operator.sub, SUM, "none", relations.difference
    ),
    _operator(
        "multiply", "*", "a * b", _multiply, operator.mul, PRODUCT, "none", relations.product
    ),
    _operator(
        "divide",
        "/",
        "a / b, always a float",
        _divide,
        _total_divide,
        QUOTIENT,
        "none",
        two(at.divide),
        relations.quotient,
    ),
    _operator(
        "power",
        "**",
        "a ** b",
        _power,
        _total_power,
        ELEMENTWISE,
        "none",
        relations.power,
        relations.power_smooth,
    ),
    _operator(
        "floor_divide",
        "//",
        "a // b, rounded down",
        _whole,
        partial(_total_whole, operator.floordiv),
        ELEMENTWISE,
        "all",
        relations.floored,
        relations.dividing,
    ),
    _operator(
        "remainder",
        "%",
        "a % b, with the sign of b",
        _whole,
        partial(_total_whole, operator.mod),
        ELEMENTWISE,
        "none",
        relations.modulo,
        relations.dividing,
    ),
)


def _sign(op: str, e: Emission) -> Py:
    (operand,) = settled(e)
    return operand if op == "+" else prefix(op, operand)


SIGNS = tuple(
    Function(
        name,
        summary,
        ONE,
        _arithmetic,
        partial(_sign, op),
        broken="none",
        algebra=SUM,
        range=range,
        smoothness=SMOOTH,
        numbers="all",
        fold=fold,
        group="operators",
        symbol=op,
    )
    for name, op, summary, fold, range in (
        ("negative", "-", "-a", operator.neg, one(at.negative)),
        ("positive", "+", "+a: the value itself", operator.pos, same),
    )
)


# --- comparisons and logic -----------------------------------------------------------------------


def _truth(args: Arguments) -> Outcome:
    return elementwise("bool", args)


def _compare(op: str, e: Emission) -> Py:
    return infix(op, *e.operands)


COMPARISONS = tuple(
    Function(
        name,
        f"a {op} b, element by element",
        PAIR,
        _truth,
        partial(_compare, op),
        broken="all",
        algebra=ELEMENTWISE,
        range=range,
        smoothness=compared,
        numbers="all",
        fold=fold,
        symbol=op,
        group="operators",
    )
    for name, op, fold, range in (
        ("equal", "==", operator.eq, relations.differing(operator.eq)),
        ("not_equal", "!=", operator.ne, relations.differing(operator.ne)),
        ("less", "<", operator.lt, relations.ordered(operator.lt, rises=False)),
        ("less_equal", "<=", operator.le, relations.ordered(operator.le, rises=False)),
        ("greater", ">", operator.gt, relations.ordered(operator.gt, rises=True)),
        ("greater_equal", ">=", operator.ge, relations.ordered(operator.ge, rises=True)),
    )
)


_WORDS = {"logical_and": "and", "logical_or": "or", "logical_not": "not", "logical_xor": "!="}


_SIGNS = {"logical_and": "&", "logical_or": "|", "logical_not": "~", "logical_xor": "^"}


def _logical(name: str, e: Emission) -> Py:
    places = range(len(e.operands))
    if all(t.dtype == "bool" for t in e.types):
        numbers = e.plain.issuperset(places)
        word, *rest = (_WORDS if numbers else _SIGNS)[name], *e.operands
        return infix(word, *rest) if len(rest) == 2 else prefix(word, *rest)
    return call(f"torch.{name}", *(tensor(e, i) if i in e.plain else e.operands[i] for i in places))


def _fold_logic(function: Callable[..., Number], *numbers: Number) -> bool:
    return bool(function(*map(bool, numbers)))


LOGIC = tuple(
    Function(
        name,
        summary,
        parameters,
        _truth,
        partial(_logical, name),
        broken="all",
        algebra=ELEMENTWISE,
        range=TRUTH,
        smoothness=by(steps(0.0)),
        numbers="all",
        fold=partial(_fold_logic, fold),
        symbol=symbol,
        group="operators",
    )
    for name, symbol, parameters, summary, fold in (
        ("logical_and", "and", PAIR, "a and b, element by element", operator.and_),
        ("logical_or", "or", PAIR, "a or b, element by element", operator.or_),
        ("logical_xor", "", PAIR, "exactly one of a and b, element by element", operator.xor),
        ("logical_not", "not", ONE, "not a, element by element", operator.not_),
    )
)


# --- choice --------------------------------------------------------------------------------------


def _where(args: Arguments) -> Outcome:
    condition = args.types[0]
    if condition.dtype != "bool":
        message = f"the condition is {condition.dtype}, not bool"
        raise Misfit(message, "compare it with something, as in `c != 0`", 0)
    chosen = Arguments(args.types[1:], args.numbers[1:], args.settings)
    return Outcome(broadcast(args.shapes), chosen.promoted())


def _choose(e: Emission) -> Py:
    if (
        e.plain >= {1, 2} and e.result.dtype == "float"
    ):  # two Python floats make torch's default dtype
        return call("torch.where", e.operands[0], tensor(e, 1), e.operands[2])
    tensors = {i: e.types[i].dtype for i in (1, 2) if i not in e.plain}
    if e.result.dtype in tensors.values():
        return call("torch.where", *e.operands)
    left, right = (
        convert(e, e.operands[i], tensors[i]) if i in tensors else e.operands[i] for i in (1, 2)
    )
    return call("torch.where", e.operands[0], left, right)


def _fold_where(condition: Number, then: Number, otherwise: Number) -> Number:
    return common(then if condition else otherwise, then, otherwise)


WHERE = Function(
    "where",
    "a where the condition holds, b elsewhere; also `a if c else b`",
    (Parameter("condition"), *PAIR),
    _where,
    _choose,
    broken=frozenset({0}),
    condition=0,
    algebra=Algebra(moves.elementwise, algebra.only({1, 2})),
    range=relations.chosen,
    smoothness=by(steps(0.0), unmoved),
    numbers=frozenset({1, 2}),
    fold=_fold_where,
    group="operators",
)


FUNCTIONS = (*ARITHMETIC, *SIGNS, *COMPARISONS, *LOGIC, WHERE)
