"""Functions along one event dimension, the last without `dim`: softmax, running sums, order."""

from __future__ import annotations

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
    Together,
)
from storchc.catalogue.functions import algebra, along, moves, terms, writing
from storchc.catalogue.functions.elementary import signed
from storchc.catalogue.functions.fitting import axis, broadcast, numeric, sizes_of
from storchc.catalogue.functions.ranging import REAL, fixed, one, same
from storchc.catalogue.functions.smooth import JUMPS, SMOOTH
from storchc.catalogue.functions.writing import (
    convert,
    functional,
    setting,
    sizes,
)
from storchc.ir import ranges as at
from storchc.ir.expression import Apply
from storchc.ir.size import constant, divide
from storchc.ir.types import write_shape
from storchc.python.expressions import Py, literal, member, method, tuple_of

Rule = Literal["float", "number", "same"]
INPUT = Parameter("input")
LAST = Parameter("dim", "dim", -1)


def _infer(rule: Rule, args: Arguments) -> Outcome:
    (operand,) = args.types
    axis(args.settings["dim"], operand.shape)
    match rule:
        case "float":
            return Outcome(operand.shape, "float")
        case "number":
            return Outcome(operand.shape, numeric(operand.dtype))
        case "same":
            return Outcome(operand.shape, operand.dtype)


def _dim(e: Emission) -> Py:
    return literal(axis(e.settings["dim"], e.types[0].shape))


def _input(e: Emission) -> Py:
    return convert(e, e.operands[0], e.types[0].dtype)


def _along(name: str, e: Emission) -> Py:
    return method(_input(e), name, _dim(e))


def _softmin(e: Emission) -> Py:
    return functional("softmin", _input(e), dim=_dim(e))


def _values(name: str, e: Emission) -> Py:
    return member(method(_input(e), name, _dim(e)), "values")


def _function(
    name: str,
    summary: str,
    range: Ranging,
    rule: Rule = "float",
    linear: Callable[[Apply], Together] = algebra.nothing,
) -> Function:
    return Function(
        name,
        summary,
        (INPUT, LAST),
        partial(_infer, rule),
        _softmin if name == "softmin" else partial(_along, name),
        broken="none",
        algebra=Algebra(moves.along, linear),
        range=range,
        smoothness=SMOOTH,
        group="normalising",
    )


OF_ONE_DIM = Algebra(moves.along, algebra.nothing)
ORDER_CORNER = along.corner_of_several(along.size_along)

ALONG = (
    _function("softmax", "exp(x) / sum(exp(x)) along a dimension", along.probabilities),
    _function("log_softmax", "x - logsumexp(x) along a dimension", along.log_probabilities),
    _function("softmin", "softmax(-x) along a dimension", along.probabilities),
    _function(
        "cumsum", "running sum along a dimension", along.running_sum, "number", algebra.together
    ),
    _function("cumprod", "running product along a dimension", along.running_product, "number"),
    _function("logcumsumexp", "running logsumexp along a dimension", along.running_log_sum),
    *(
        Function(
            name,
            summary,
            (INPUT, LAST),
            partial(_infer, "same"),
            partial(_values, name),
            broken="none",
            algebra=OF_ONE_DIM,
            range=same,
            smoothness=ORDER_CORNER,
            group="normalising",
        )
        for name, summary in (
            ("cummax", "running maximum along a dimension"),
            ("cummin", "running minimum along a dimension"),
        )
    ),
)


# --- order ---------------------------------------------------------------------------------------

ORDER = (INPUT, LAST, Parameter("descending", "flag", False))


def _sorted(name: str, e: Emission) -> Py:
    down = {"descending": literal(True)} if e.settings["descending"] else {}
    code = method(e.operands[0], name, _dim(e), **down)
    return member(code, "values") if name == "sort" else code


def _positions(args: Arguments) -> Outcome:
    return Outcome(_infer("same", args).shape, "int")


def _topk_shape(args: Arguments) -> Outcome:
    (operand,), k = args.types, args.settings["k"]
    at = axis(args.settings["dim"], operand.shape)
    known = operand.shape[at].value
    if not isinstance(k, int) or k < 1 or (known is not None and k > known):
        message = f"`k={k}` is outside of 1 to `{operand.shape[at]}`"
        raise Misfit(message, "choose `k` within the size of the dimension")
    shape = list(operand.shape)
    shape[at] = constant(k)
    return Outcome(tuple(shape), operand.dtype)


def _topk(e: Emission) -> Py:
    small = {"largest": literal(False)} if not e.settings["largest"] else {}
    truths = e.types[0].dtype == "bool"  # of which torch finds no largest ones
    operand = method(e.operands[0], "long") if truths else e.operands[0]
    largest = member(method(operand, "topk", setting(e, "k"), _dim(e), **small), "values")
    return method(largest, "bool") if truths else largest


ORDERED = (
    Function(
        "sort",
        "the elements in ascending order",
        ORDER,
        partial(_infer, "same"),
        partial(_sorted, "sort"),
        broken="none",
        algebra=OF_ONE_DIM,
        range=same,
        smoothness=ORDER_CORNER,
        group="normalising",
    ),
    Function(
        "argsort",
        "the positions of the elements in ascending order",
        ORDER,
        _positions,
        partial(_sorted, "argsort"),
        broken="all",
        algebra=OF_ONE_DIM,
        range=along.positions_along,
        smoothness=JUMPS,
        group="normalising",
    ),
    Function(
        "topk",
        "the k largest elements, the largest first",
        (INPUT, Parameter("k", "int"), LAST, Parameter("largest", "flag", True)),
        _topk_shape,
        _topk,
        broken="none",
        algebra=OF_ONE_DIM,
        range=same,
        smoothness=ORDER_CORNER,
        group="normalising",
    ),
)


# --- unit length, gates, layers ------------------------------------------------------------------

NORMALIZE = (INPUT, Parameter("p", "number", 2.0), LAST, Parameter("eps", "number", 1e-12))
COSINE = (Parameter("x1"), Parameter("x2"), LAST, Parameter("eps", "number", 1e-8))


def _normalize(e: Emission) -> Py:
    changed = {p.name: setting(e, p.name) for p in NORMALIZE if _changed(e, p)}
    return functional("normalize", _input(e), **changed, dim=_dim(e))


def _changed(e: Emission, parameter: Parameter) -> bool:
    return parameter.kind == "number" and e.settings[parameter.name] != parameter.default


def _cosine_shape(args: Arguments) -> Outcome:
    shape = broadcast(args.shapes)
    at = axis(args.settings["dim"], shape)
    return Outcome(tuple(s for i, s in enumerate(shape) if i - len(shape) != at), "float")


def _cosine(e: Emission) -> Py:
    dim = axis(e.settings["dim"], broadcast(t.shape for t in e.types))
    changed = {p.name: setting(e, p.name) for p in COSINE if _changed(e, p)}
    return functional("cosine_similarity", *writing.same(e), dim=literal(dim), **changed)


def _glu_shape(args: Arguments) -> Outcome:
    shape = list(args.shapes[0])
    at = axis(args.settings["dim"], args.shapes[0])
    half = divide(shape[at], constant(2))
    if half is None:
        message = f"`glu` halves a dimension, and `{shape[at]}` is no multiple of 2"
        raise Misfit(message, "give the dimension an even size, twice that of the result", 0)
    shape[at] = half
    return Outcome(tuple(shape), "float")


def _layer_shape(args: Arguments) -> Outcome:
    shape, inner = args.shapes[0], sizes_of(args.settings["normalized_shape"])
    if not inner or shape[-len(inner) :] != inner:
        message = f"`{write_shape(shape)}` does not end in `{write_shape(inner)}`"
        raise Misfit(message, "`normalized_shape` lists the last event dimensions", 0)
    return Outcome(shape, "float")


def _layer(name: str, default: float | None, e: Emission) -> Py:
    shape = tuple_of(*sizes(e, sizes_of(e.settings["normalized_shape"])))
    eps = {"eps": setting(e, "eps")} if e.settings["eps"] != default else {}
    return functional(name, _input(e), shape, **eps)


SCALED = (
    Function(
        "normalize",
        "x divided by its p-norm along a dimension",
        NORMALIZE,
        partial(_infer, "float"),
        _normalize,
        broken="none",
        algebra=OF_ONE_DIM,
        range=along.unit_length,
        smoothness=along.unit_smooth,
        group="normalising",
    ),
    Function(
        "cosine_similarity",
        "cosine of the angle between two vectors along a dimension",
        COSINE,
        _cosine_shape,
        _cosine,
        broken="none",
        algebra=Algebra(moves.paired, algebra.nothing),
        range=fixed(at.SIGNED_UNIT),
        smoothness=along.cosine_smooth,
        group="normalising",
    ),
    Function(
        "glu",
        "first half times sigmoid of the second half of a dimension",
        (INPUT, LAST),
        _glu_shape,
        lambda e: functional("glu", _input(e), dim=_dim(e)),
        broken="none",
        algebra=Algebra(moves.along, algebra.nothing, terms=terms.gated),
        range=along.gated,
        smoothness=SMOOTH,
        group="normalising",
    ),
)
LAYERS = tuple(
    Function(
        name,
        summary,
        (INPUT, Parameter("normalized_shape", "shape"), Parameter("eps", "number", default)),
        _layer_shape,
        partial(_layer, name, default),
        broken="none",
        algebra=Algebra(moves.normalized, algebra.nothing),
        range=range,
        smoothness=smoothness,
        group="normalising",
    )
    for name, summary, default, range, smoothness in (
        (
            "layer_norm",
            "the last dimensions, brought to mean 0 and variance 1",
            1e-5,
            REAL,
            along.standardised_smooth,
        ),
        (
            "rms_norm",
            "the last dimensions, divided by the root of their mean square",
            None,
            one(signed),
            along.root_mean_smooth,
        ),
    )
)

FUNCTIONS = (*ALONG, *ORDERED, *SCALED, *LAYERS)
