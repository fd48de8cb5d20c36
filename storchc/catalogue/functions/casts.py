"""Values of another type: as torch's methods of these names convert tensors."""

from __future__ import annotations

import math
from functools import partial

from storchc.catalogue.function import (
    Algebra,
    Arguments,
    Function,
    Outcome,
    Parameter,
    Ranging,
    Smooth,
)
from storchc.catalogue.functions.algebra import ELEMENTWISE, SUM
from storchc.catalogue.functions.ranging import TRUTH, one, whole
from storchc.catalogue.functions.smooth import SMOOTH, by, counts, steps
from storchc.catalogue.functions.writing import convert
from storchc.ir.types import Dtype

WHOLE = "an int: what stands before the point"


def _infer(dtype: Dtype, args: Arguments) -> Outcome:
    return Outcome(args.shapes[0], dtype)


def _cast(
    name: str,
    dtype: Dtype,
    summary: str,
    range: Ranging,
    smoothness: Smooth,
    algebra: Algebra = ELEMENTWISE,
) -> Function:
    return Function(
        name,
        summary,
        (Parameter("input"),),
        partial(_infer, dtype),
        lambda e: convert(e, e.operands[0], e.types[0].dtype),
        broken="none" if dtype == "float" else "all",
        algebra=algebra,
        range=range,
        smoothness=smoothness,
        group="casts",
    )


FUNCTIONS = (
    _cast("float", "float", "the same as a float", one(lambda a: a), SMOOTH, SUM),
    _cast("long", "int", WHOLE, whole(math.trunc), by(counts)),
    _cast("int", "int", f"{WHOLE}, as `long`", whole(math.trunc), by(counts)),
    _cast("bool", "bool", "whether it is not 0", TRUTH, by(steps(0.0))),
)
