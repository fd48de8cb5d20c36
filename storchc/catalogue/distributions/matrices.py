"""Families over matrices."""

from __future__ import annotations

from storchc.catalogue.distributions.parts import properties
from storchc.catalogue.family import POSITIVE, Arguments, Family, Parameter
from storchc.catalogue.function import Misfit
from storchc.ir.size import Shape, constant
from storchc.ir.types import write_shape

_MATRICES = ("covariance_matrix", "precision_matrix", "scale_tril")


def _square(arguments: Arguments) -> Shape:
    name = next(name for name in _MATRICES if name in arguments)
    shape = arguments[name].type.shape
    if shape[-1] != shape[-2]:
        raise Misfit(
            f"`{name}` must be square, but its event shape is {write_shape(shape)}",
            "make its last two dimensions equal",
            list(arguments).index(name),
        )
    return shape[-2:]


def _dim(arguments: Arguments) -> Shape:
    dim = arguments["dim"].number
    size = constant(int(dim or 0))
    return (size, size)


LKJ = Family(
    "LKJCholesky",
    "The Cholesky factor of a correlation matrix of dim variables.",
    (Parameter("dim", constant=True), Parameter("concentration", default=1.0, bounds=POSITIVE)),
    "correlation cholesky",
    properties("concentration", moments=()),
    _dim,
    entropy=False,
    reference="Lewandowski, Kurowicka, Joe 2009",
)

WISHART = Family(
    "Wishart",
    "A positive definite matrix: the scatter of df normal vectors.",
    (
        Parameter("df", bounds=POSITIVE, silent=True),
        *(Parameter(name, rank=2) for name in _MATRICES),
    ),
    "positive definite",
    properties("df", *_MATRICES),
    _square,
    choices=(_MATRICES,),
    pathwise=True,
    pathwise_order=1,
    replay="implicit",
    divergences=frozenset({"Wishart"}),
)

FAMILIES = (LKJ, WISHART)
