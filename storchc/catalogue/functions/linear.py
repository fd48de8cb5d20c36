"""Products of vectors and matrices, by torch's rank rules on event shapes alone."""

from __future__ import annotations

from functools import partial

from storchc.catalogue.function import (
    Algebra,
    Arguments,
    Emission,
    Function,
    Misfit,
    Outcome,
    Parameter,
)
from storchc.catalogue.functions import algebra, along, moves, terms, writing
from storchc.catalogue.functions.fitting import broadcast, need_equal, need_rank, numeric
from storchc.catalogue.functions.ranging import REAL, same, two
from storchc.catalogue.functions.smooth import SMOOTH, always
from storchc.catalogue.functions.writing import fitted, functional, given, setting, unsqueezed
from storchc.ir import ranges as at
from storchc.ir.size import Shape, Size
from storchc.ir.types import ValueType, write_shape
from storchc.python.expressions import Py, call, infix, literal, member, method

INPUT = Parameter("input")
PAIR = (INPUT, Parameter("other"))
GROUP = "linear"


# --- matmul --------------------------------------------------------------------------------------


def _matmul_shape(args: Arguments) -> Outcome:
    left, right = args.shapes
    for position, shape in enumerate(args.shapes):
        if not shape:
            message = "a matrix product with a value of event shape `[]`"
            raise Misfit(message, "use `*`; plates are no event dimensions", position)
    inner = right[-2] if len(right) > 1 else right[0]
    if left[-1] != inner:
        message = f"`{write_shape(left)}` and `{write_shape(right)}` do not multiply as matrices"
        raise Misfit(message, _matmul_help(left, right), 1)
    batch = broadcast((left[:-2], right[:-2]))
    rows = left[-2:-1] if len(left) > 1 else ()
    columns = right[-1:] if len(right) > 1 else ()
    return Outcome(batch + rows + columns, numeric(args.promoted()))


def _matmul_help(left: Shape, right: Shape) -> str:
    if len(right) > 1 and left[-1] == right[-1]:
        return "exchange the last two dimensions of the right side with `transpose(..., -2, -1)`"
    return "the last size on the left must equal the last but one on the right (its only one)"


def _matmul(e: Emission) -> Py:
    left, right = writing.same(e)
    return matrix_product(left, right, e.types[0], e.types[1])


def matrix_product(left: Py, right: Py, a: ValueType, b: ValueType) -> Py:
    """``left @ right``; a vector with plates would be taken for a matrix by torch."""
    match a.rank, b.rank:
        case _, 1 if not b.plates:
            return infix("@", left, right)
        case 1, 1 if not a.plates:
            return infix("@", right, left)
        case 1, 1:
            return method(infix("*", left, right), "sum", literal(-1))
        case 1, 2 if not b.plates:
            return infix("@", left, right)
        case 1, _ if not a.plates:
            return infix("@", left, right)
        case 1, _:
            row = unsqueezed(left, -2, b.rank - 1)
            return method(infix("@", row, right), "squeeze", literal(-2))
        case 2, 1 if not a.plates:
            return infix("@", right, member(left, "mT"))
        case _, 1:
            column = _raised(unsqueezed(right, -1), 2, a.rank, plates=True)
            return method(infix("@", left, column), "squeeze", literal(-1))
    left = _raised(left, a.rank, b.rank, plates=bool(a.plates))
    right = _raised(right, b.rank, a.rank, plates=bool(b.plates))
    return infix("@", left, right)


def _raised(code: Py, rank: int, to: int, *, plates: bool) -> Py:
    """Dimensions put between plates and matrix, so that plates meet plates."""
    return unsqueezed(code, -rank - 1, to - rank) if plates and to > rank else code


MULTIPLIED = Algebra(moves.multiplied, algebra.each, terms=terms.matrix_products)
MATMUL = Function(
    "matmul",
    "matrix product, `a @ b`, of vectors, matrices and stacks of matrices",
    PAIR,
    _matmul_shape,
    _matmul,
    broken="none",
    algebra=MULTIPLIED,
    range=along.contracted(along.inner_size),
    smoothness=SMOOTH,
    align="plates",
    group=GROUP,
)


# --- linear, dot, outer --------------------------------------------------------------------------

LINEAR = (INPUT, Parameter("weight"), Parameter("bias", default=None))


def _linear_shape(args: Arguments) -> Outcome:
    need_rank(args, 1, 2, "the weight of `linear`")
    if not args.shapes[0]:
        raise Misfit(
            "`linear` of a value of event shape `[]`", "it needs one dimension at least", 0
        )
    rows, columns = args.shapes[1]
    need_equal(args.shapes[0][-1], columns, "the last sizes of input and weight", 1)
    for bias in args.shapes[2:]:
        need_rank(args, 2, 1, "the bias of `linear`")
        need_equal(bias[0], rows, "the sizes of bias and result", 2)
    return Outcome((*args.shapes[0][:-1], rows), "float")


def _linear(e: Emission) -> Py:
    codes = writing.same(e)
    if not any(t.plates for t in e.types[1:]):
        return functional("linear", *codes)
    weight = member(codes[1], "mT")
    rows, columns = e.types[1].shape
    turned = ValueType(e.types[1].plates, (columns, rows))
    code = matrix_product(codes[0], weight, e.types[0], turned)
    if not given(e, "bias"):
        return code
    plates = bool(e.types[2].plates)
    return infix("+", code, _raised(codes[2], 1, e.types[0].rank, plates=plates))


def _vectors(name: str, args: Arguments) -> tuple[Size, Size]:
    for position in (0, 1):
        need_rank(args, position, 1, f"an operand of `{name}`")
    return args.shapes[0][0], args.shapes[1][0]


def _dot_shape(args: Arguments) -> Outcome:
    a, b = _vectors("dot", args)
    need_equal(a, b, "the sizes of the vectors", 1)
    return Outcome((), numeric(args.promoted()))


def _outer_shape(args: Arguments) -> Outcome:
    return Outcome(_vectors("outer", args), numeric(args.promoted()))


def _outer(e: Emission) -> Py:
    left, right = writing.same(e)
    if not any(t.plates for t in e.types):
        return call("torch.outer", left, right)
    return infix("*", unsqueezed(left, -1), method(right, "unsqueeze", literal(-2)))


VECTORS = (
    Function(
        "linear",
        "x @ weight.T + bias",
        LINEAR,
        _linear_shape,
        _linear,
        broken="none",
        algebra=Algebra(moves.layered, algebra.only({0, 2}, {1, 2}), terms=terms.layer),
        range=along.layered,
        smoothness=SMOOTH,
        align="plates",
        group=GROUP,
    ),
    Function(
        "dot",
        "product of two vectors",
        PAIR,
        _dot_shape,
        _matmul,
        broken="none",
        algebra=MULTIPLIED,
        range=along.contracted(along.inner_size),
        smoothness=SMOOTH,
        align="plates",
        group=GROUP,
    ),
    Function(
        "outer",
        "matrix of the products of all pairs of elements of two vectors",
        (INPUT, Parameter("vec2")),
        _outer_shape,
        _outer,
        broken="none",
        algebra=Algebra(moves.crossed, algebra.each),
        range=two(at.multiply),
        smoothness=SMOOTH,
        align="plates",
        group=GROUP,
    ),
)


# --- distances -----------------------------------------------------------------------------------

CDIST = (Parameter("x1"), Parameter("x2"), Parameter("p", "number", 2.0))


def _cdist_shape(args: Arguments) -> Outcome:
    for position in (0, 1):
        need_rank(args, position, 2, "an operand of `cdist`")
    (rows, a), (columns, b) = args.shapes
    need_equal(a, b, "the lengths of the vectors", 1)
    return Outcome((rows, columns), "float")


def _cdist(e: Emission) -> Py:
    order = {"p": setting(e, "p")} if e.settings["p"] != 2 else {}
    return call("torch.cdist", *writing.same(e), **order)


def _cross_shape(args: Arguments) -> Outcome:
    shape = broadcast(args.shapes)
    if not shape or shape[-1].value != 3:
        message = f"`cross` of vectors of shape `{write_shape(shape)}`"
        raise Misfit(message, "the last dimension must have size 3", 0)
    return Outcome(shape, numeric(args.promoted()))


def _cross(e: Emission) -> Py:
    codes = (fitted(e, code, i, e.result.shape) for i, code in enumerate(writing.same(e)))
    return call("torch.linalg.cross", *codes)


DISTANCES = (
    Function(
        "cdist",
        "distances of all pairs of rows",
        CDIST,
        _cdist_shape,
        _cdist,
        broken="none",
        algebra=Algebra(moves.distances, algebra.nothing, terms=terms.city_blocks),
        range=along.distances,
        smoothness=along.distances_smooth,
        align="plates",
        group=GROUP,
    ),
    Function(
        "cross",
        "cross product of vectors of size 3 in the last dimension",
        PAIR,
        _cross_shape,
        _cross,
        broken="none",
        algebra=Algebra(moves.last, algebra.each),
        range=REAL,
        smoothness=SMOOTH,
        align="plates",
        group=GROUP,
    ),
)


# --- functions of one matrix ---------------------------------------------------------------------


def _square(name: str, shape: Shape) -> None:
    if len(shape) < 2 or shape[-1] != shape[-2]:
        message = f"`{name}` of `{write_shape(shape)}`"
        raise Misfit(message, "the last two event dimensions must be equal", 0)


def _matrix_shape(name: str, scalar: bool, args: Arguments) -> Outcome:
    _square(name, args.shapes[0])
    return Outcome(args.shapes[0][:-2] if scalar else args.shapes[0], "float")


def _matrix(target: str, e: Emission) -> Py:
    return call(target, *writing.same(e))


MATRICES = tuple(
    Function(
        target.rpartition(".")[2],
        summary,
        (INPUT,),
        partial(_matrix_shape, target.rpartition(".")[2], scalar),
        partial(_matrix, target),
        broken="none",
        algebra=Algebra(moves.contracted if scalar else moves.matrices, algebra.nothing),
        range=REAL,
        smoothness=always("pole" if singular else "smooth"),
        align="plates",
        group=GROUP,
    )
    for target, scalar, singular, summary in (
        ("torch.det", True, False, "determinant"),
        ("torch.logdet", True, True, "logarithm of the determinant"),
        ("torch.inverse", False, True, "inverse of a matrix"),
        (
            "torch.linalg.cholesky",
            False,
            False,
            "lower triangular root of a positive definite matrix",
        ),
        ("torch.matrix_exp", False, False, "exponential of a matrix"),
    )
)


def _diagonal_shape(args: Arguments) -> Outcome:
    _square("diagonal", args.shapes[0])
    return Outcome(args.shapes[0][:-1], args.types[0].dtype)


def _diagonal(e: Emission) -> Py:
    return method(e.operands[0], "diagonal", dim1=literal(-2), dim2=literal(-1))


def _trace_shape(args: Arguments) -> Outcome:
    _square("trace", args.shapes[0])
    return Outcome(args.shapes[0][:-2], numeric(args.types[0].dtype))


def _embed_shape(args: Arguments) -> Outcome:
    shape = args.shapes[0]
    if not shape:
        raise Misfit("`diag_embed` of event shape `[]`", "it needs one dimension at least", 0)
    return Outcome((*shape, shape[-1]), args.types[0].dtype)


def _triangle_shape(name: str, args: Arguments) -> Outcome:
    if len(args.shapes[0]) < 2:
        message = f"`{name}` of `{write_shape(args.shapes[0])}`"
        raise Misfit(message, "it needs two event dimensions at least", 0)
    return Outcome(args.shapes[0], args.types[0].dtype)


def _triangle(name: str, e: Emission) -> Py:
    offset = (setting(e, "diagonal"),) if e.settings["diagonal"] else ()
    return method(e.operands[0], name, *offset)


DIAGONALS = (
    Function(
        "diagonal",
        "diagonal of a matrix",
        (INPUT,),
        _diagonal_shape,
        _diagonal,
        broken="none",
        algebra=Algebra(moves.diagonals, algebra.together),
        range=same,
        smoothness=SMOOTH,
        group=GROUP,
    ),
    Function(
        "trace",
        "sum of the diagonal",
        (INPUT,),
        _trace_shape,
        lambda e: method(_diagonal(e), "sum", literal(-1)),
        broken="none",
        algebra=Algebra(moves.contracted, algebra.together),
        range=along.diagonal_sum,
        smoothness=SMOOTH,
        group=GROUP,
    ),
    Function(
        "diag_embed",
        "matrix with these elements on its diagonal",
        (INPUT,),
        _embed_shape,
        lambda e: call("torch.diag_embed", *e.operands),
        broken="none",
        algebra=Algebra(moves.embedded, algebra.together),
        range=along.with_zeros,
        smoothness=SMOOTH,
        group=GROUP,
    ),
    *(
        Function(
            name,
            summary,
            (INPUT, Parameter("diagonal", "int", 0)),
            partial(_triangle_shape, name),
            partial(_triangle, name),
            broken="none",
            algebra=algebra.SUM,
            range=along.with_zeros,
            smoothness=SMOOTH,
            group=GROUP,
        )
        for name, summary in (
            ("tril", "matrix with zeros above a diagonal"),
            ("triu", "matrix with zeros below a diagonal"),
        )
    ),
)

FUNCTIONS = (MATMUL, *VECTORS, *DISTANCES, *MATRICES, *DIAGONALS)
