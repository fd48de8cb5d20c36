"""Reductions of event dimensions: of one, of several, or of the whole event; never of plates."""

from __future__ import annotations

import math
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
    Over,
    Parameter,
    Ranging,
    Smooth,
    Together,
)
from storchc.catalogue.functions import algebra, along, moves, terms
from storchc.catalogue.functions.fitting import axes, axis, numeric, without
from storchc.catalogue.functions.ranging import TRUTH, count, mean, same
from storchc.catalogue.functions.smooth import JUMPS, SMOOTH, by, steps
from storchc.catalogue.functions.writing import (
    convert,
    dims_code,
    plateless,
    setting,
    unsqueezed,
)
from storchc.ir.expression import Apply, Value
from storchc.ir.size import product
from storchc.ir.types import Dtype
from storchc.python.expressions import Imported, Py, call, infix, literal, member, method, tuple_of
from storchc.python.names import RUNTIME

Rule = Literal["float", "number", "same", "bool", "int"]
INPUT = Parameter("input")
DIM = Parameter("dim", "dims", None)
ONE_DIM = Parameter("dim", "dim", None)
KEEP = Parameter("keepdim", "flag", False)


def _dtype(rule: Rule, dtype: Dtype) -> Dtype:
    match rule:
        case "float" | "bool" | "int":
            return rule
        case "number":
            return numeric(dtype)
        case "same":
            return dtype


def _infer(rule: Rule, args: Arguments) -> Outcome:
    shape = args.shapes[0]
    dims = axes(args.settings["dim"], shape)
    keep = bool(args.settings.get("keepdim", False))
    return Outcome(without(shape, dims, keep=keep), _dtype(rule, args.types[0].dtype))


def _input(e: Emission) -> Py:
    return (
        convert(e, e.operands[0], e.types[0].dtype) if e.result.dtype == "float" else e.operands[0]
    )


def _dims(e: Emission) -> tuple[int, ...]:
    return axes(e.settings["dim"], e.types[0].shape)


def _keep(e: Emission) -> dict[str, Py]:
    return {"keepdim": literal(True)} if e.settings.get("keepdim") else {}


def _whole(e: Emission) -> bool:
    return plateless(e) and len(_dims(e)) == e.types[0].rank and not e.settings.get("keepdim")


def several(torch_name: str, e: Emission, **keywords: Py) -> Py:
    """A method that takes any number of dimensions at once."""
    dims = _dims(e)
    if not dims:
        return convert(e, e.operands[0], e.types[0].dtype)
    if _whole(e):
        return method(_input(e), torch_name, **keywords)
    return method(_input(e), torch_name, dims_code(dims), **keywords, **_keep(e))


def one_by_one(torch_name: str, e: Emission) -> Py:
    """A method that takes one dimension, applied to each in turn, the last first."""
    dims = _dims(e)
    if not dims:
        return convert(e, e.operands[0], e.types[0].dtype)
    if _whole(e):
        return method(_input(e), torch_name)
    code = _input(e)
    for done, dim in enumerate(reversed(dims)):
        here = dim if e.settings.get("keepdim") else dim + done
        code = method(code, torch_name, literal(here), **_keep(e))
    return code


def _logsumexp(e: Emission) -> Py:
    dims = _dims(e)
    if not dims:
        return convert(e, e.operands[0], e.types[0].dtype)
    places = tuple_of(*map(literal, dims))
    return call(Imported("log_sum_exp", RUNTIME), _input(e), places, **_keep(e))


def _logmeanexp(e: Emission) -> Py:
    count = product(tuple(e.types[0].shape[dim] for dim in _dims(e)))
    if count.value == 1:
        return _logsumexp(e)
    known = count.value
    log = literal(math.log(known)) if known else call("math.log", e.size(count))
    return infix("-", _logsumexp(e), log)


def _reduction(
    name: str,
    summary: str,
    rule: Rule,
    emit: Callable[[Emission], Py],
    range: Ranging,
    smoothness: Smooth,
    *,
    broken: Literal["all", "none"],
    keep: bool = True,
    over: Over | None = None,
    linear: Callable[[Apply], Together] = algebra.nothing,
    written: Callable[[Apply], Value | None] | None = None,
) -> Function:
    return Function(
        name,
        summary,
        (INPUT, DIM, KEEP) if keep else (INPUT, DIM),
        partial(_infer, rule),
        emit,
        broken=broken,
        algebra=Algebra(moves.reduced, linear, terms=written),
        range=range,
        smoothness=smoothness,
        over=over,
        group="reductions",
    )


EXTREME = along.corner_of_several(count)
REDUCED = Algebra(moves.reduced, algebra.nothing)
SUMS = (
    _reduction(
        "sum",
        "sum of the elements",
        "number",
        partial(several, "sum"),
        along.summed,
        SMOOTH,
        broken="none",
        over=Over("sum", counts=True),
        linear=algebra.together,
    ),
    _reduction(
        "mean",
        "mean of the elements",
        "float",
        partial(several, "mean"),
        mean,
        SMOOTH,
        broken="none",
        over=Over("mean", samples=True),
        linear=algebra.together,
    ),
    _reduction(
        "max",
        "largest element",
        "same",
        partial(several, "amax"),
        same,
        EXTREME,
        broken="none",
        over=Over("amax"),
    ),
    _reduction(
        "min",
        "smallest element",
        "same",
        partial(several, "amin"),
        same,
        EXTREME,
        broken="none",
        over=Over("amin"),
    ),
    _reduction(
        "logsumexp",
        "log of the sum of exp",
        "float",
        _logsumexp,
        along.log_total,
        SMOOTH,
        broken="none",
    ),
    _reduction(
        "logmeanexp",
        "log of the mean of exp",
        "float",
        _logmeanexp,
        mean,
        SMOOTH,
        broken="none",
        over=Over("logmeanexp", samples=True, logs=True),
    ),
    _reduction(
        "prod",
        "product of the elements",
        "number",
        partial(one_by_one, "prod"),
        along.multiplied,
        SMOOTH,
        broken="none",
    ),
    _reduction(
        "nansum",
        "sum of the elements that are not NaN",
        "number",
        partial(several, "nansum"),
        along.summed_without_nan,
        SMOOTH,
        broken="none",
    ),
    _reduction(
        "nanmean",
        "mean of the elements that are not NaN",
        "float",
        partial(several, "nanmean"),
        mean,
        SMOOTH,
        broken="none",
    ),
    _reduction(
        "any",
        "whether any element is true",
        "bool",
        partial(several, "any"),
        TRUTH,
        by(steps(0.0)),
        broken="all",
    ),
    _reduction(
        "all",
        "whether all elements are true",
        "bool",
        partial(several, "all"),
        TRUTH,
        by(steps(0.0)),
        broken="all",
    ),
)


def _count_nonzero(e: Emission) -> Py:
    if not _dims(e):
        return method(method(e.operands[0], "bool"), "long")
    return several("count_nonzero", e)


COUNT = _reduction(
    "count_nonzero",
    "number of elements that are not 0",
    "int",
    _count_nonzero,
    along.counted,
    by(steps(0.0)),
    keep=False,
    broken="all",
    written=terms.counted,
)


# --- spread --------------------------------------------------------------------------------------

SPREAD = (INPUT, DIM, Parameter("correction", "number", 1), KEEP)


def _spread_shape(name: str, args: Arguments) -> Outcome:
    shape, correction = args.shapes[0], args.settings["correction"]
    count = product(tuple(shape[dim] for dim in axes(args.settings["dim"], shape))).value
    if count is not None and isinstance(correction, int | float) and count <= correction:
        message = f"`{name}` of {count} element{'s' * (count != 1)} is undefined"
        raise Misfit(message, "reduce more elements, or pass `correction=0`", 0)
    return _infer("float", args)


def _spread(name: str, e: Emission) -> Py:
    keywords = {"correction": setting(e, "correction")} if e.settings["correction"] != 1 else {}
    if not _dims(e):
        return method(_input(e), "mul", literal(0.0))
    return several(name, e, **keywords)


SPREADS = tuple(
    Function(
        name,
        summary,
        SPREAD,
        partial(_spread_shape, name),
        partial(_spread, name),
        broken="none",
        algebra=REDUCED,
        range=along.spread,
        smoothness=smoothness,
        group="reductions",
    )
    for name, summary, smoothness in (
        ("var", "variance of the elements", SMOOTH),
        ("std", "standard deviation of the elements", along.deviation_smooth),
    )
)


# --- one dimension, or the whole event ------------------------------------------------------------


def _single(take: Callable[[Emission, Py, dict[str, Py]], Py], e: Emission) -> Py:
    """``take`` along one dimension; of the whole event it is flattened first."""
    shape, keep = e.types[0].shape, _keep(e)
    if e.settings["dim"] is not None:
        return take(e, literal(axis(e.settings["dim"], shape)), keep)
    return unsqueezed(take(e, literal(-1), {}), -1, len(shape) if keep else 0)


def _flat(e: Emission) -> Py:
    """The input, with the event flattened where the whole of it is reduced."""
    rank, code = e.types[0].rank, _input(e)
    if e.settings["dim"] is not None or rank == 1:
        return code
    return method(code, "flatten", literal(-rank)) if rank else unsqueezed(code, -1)


def _numbers(e: Emission) -> Py:
    """As ``_flat``; truth values count as 0 and 1, since torch puts them into no order."""
    code = _flat(e)
    return method(code, "long") if e.types[0].dtype == "bool" else code


def _position(name: str, e: Emission, dim: Py, keep: dict[str, Py]) -> Py:
    return method(_numbers(e), name, dim, **keep)


def _median(e: Emission, dim: Py, keep: dict[str, Py]) -> Py:
    return member(method(_numbers(e), "median", dim, **keep), "values")


def _quantile(e: Emission, dim: Py, keep: dict[str, Py]) -> Py:
    return method(_flat(e), "quantile", setting(e, "q"), dim, **keep)


SINGLE = (
    *(
        Function(
            name,
            summary,
            (INPUT, ONE_DIM, KEEP),
            partial(_infer, "int"),
            partial(_single, partial(_position, name)),
            broken="all",
            algebra=REDUCED,
            range=along.positions,
            smoothness=JUMPS,
            group="reductions",
        )
        for name, summary in (
            ("argmax", "position of the largest element, of the whole event without `dim`"),
            ("argmin", "position of the smallest element, of the whole event without `dim`"),
        )
    ),
    Function(
        "median",
        "middle element, the lower of two",
        (INPUT, ONE_DIM, KEEP),
        partial(_infer, "number"),
        partial(_single, _median),
        broken="none",
        algebra=REDUCED,
        range=same,
        smoothness=EXTREME,
        group="reductions",
    ),
    Function(
        "quantile",
        "quantile q of the elements",
        (INPUT, Parameter("q", "number"), ONE_DIM, KEEP),
        partial(_infer, "float"),
        partial(_single, _quantile),
        broken="none",
        algebra=REDUCED,
        range=along.same_floats,
        smoothness=EXTREME,
        group="reductions",
    ),
)


# --- norms ---------------------------------------------------------------------------------------


def _norm(e: Emission) -> Py:
    dims = _dims(e)
    order = {"ord": setting(e, "p")} if e.settings["p"] != 2 else {}
    if not dims:
        return method(convert(e, e.operands[0], e.types[0].dtype), "abs")
    where = {} if _whole(e) else {"dim": dims_code(dims)}
    return call("torch.linalg.vector_norm", _input(e), **order, **where, **_keep(e))


NORM = Function(
    "norm",
    "the p-norm of the elements",
    (INPUT, Parameter("p", "number", 2), DIM, KEEP),
    partial(_infer, "float"),
    _norm,
    broken="none",
    algebra=Algebra(moves.reduced, algebra.nothing, terms=terms.absolute),
    range=along.norm,
    smoothness=along.norm_smooth,
    group="reductions",
)

FUNCTIONS = (*SUMS, COUNT, *SPREADS, *SINGLE, NORM)
