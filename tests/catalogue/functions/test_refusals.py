"""What does not fit is said in shapes, points at the operand, and comes with a way to mend it."""

from __future__ import annotations

from typing import Any

import pytest

from storchc.catalogue.function import Arguments, Misfit, Outcome
from storchc.ir.size import Shape, Size, constant, free, multiply
from storchc.ir.types import Dtype, ValueType, write_shape
from tests.catalogue.functions.values import entry_of, filled

K = constant(3, text="K", literal=False)
C = constant(10, text="C", literal=False)
ONE = constant(1, text="L", literal=False)
D, N = free("D"), free("N")


def sizes(*items: int | Size) -> Shape:
    return tuple(constant(i) if isinstance(i, int) else i for i in items)


def infer(name: str, *shapes: Shape, dtypes: tuple[Dtype, ...] = (), **settings: Any) -> Outcome:
    floats: tuple[Dtype, ...] = ("float",)
    kinds = dtypes or floats * len(shapes)
    types = tuple(ValueType(frozenset(), s, d) for s, d in zip(shapes, kinds, strict=True))
    numbers = (None,) * len(types)
    return entry_of(name).infer(
        Arguments(types, numbers, filled(entry_of(name), settings, len(types)))
    )


REFUSED: tuple[tuple[str, tuple[Shape, ...], dict[str, Any], str, int | None], ...] = (
    ("add", (sizes(K), sizes(4)), {}, "`[K]` and `[4]` do not broadcast", 1),
    ("add", (sizes(D), sizes(N)), {}, "`[D]` and `[N]` do not broadcast", 1),
    ("add", (sizes(ONE), sizes(4)), {}, "`[L]` and `[4]` do not broadcast", 1),
    ("add", (sizes(K, C), sizes(K)), {}, "`[K, C]` and `[K]` do not broadcast", 1),
    ("sum", (sizes(K, C),), {"dim": 2}, "`dim=2` is outside of `[K, C]`", None),
    ("sum", (sizes(K, C),), {"dim": (0, -2)}, "`dim` names a dimension twice", None),
    ("softmax", (sizes(),), {}, "`[]` has no event dimension", 0),
    ("var", (sizes(),), {}, "`var` of 1 element is undefined", 0),
    ("reshape", (sizes(K, C),), {"shape": sizes(4, -1)}, "`[K, C]` cannot become `[4, -1]`", None),
    ("reshape", (sizes(K, C),), {"shape": sizes(31)}, "`[K, C]` cannot become `[31]`", None),
    (
        "reshape",
        (sizes(K),),
        {"shape": sizes(-1, -1)},
        "more than one size is left to be inferred",
        None,
    ),
    ("reshape", (sizes(K),), {"shape": sizes(0, -1)}, "`0` is not a size", None),
    ("squeeze", (sizes(K),), {"dim": 0}, "`squeeze` of a dimension of size `K`", 0),
    (
        "flatten",
        (sizes(K, C),),
        {"start_dim": 1, "end_dim": 0},
        "`start_dim` comes after `end_dim`",
        None,
    ),
    (
        "permute",
        (sizes(K, C),),
        {"dims": (0, 0)},
        "`dims` does not order the dimensions of `[K, C]`",
        None,
    ),
    ("broadcast_to", (sizes(K),), {"size": sizes(1)}, "`[K]` does not broadcast to `[1]`", 0),
    ("concat", (sizes(K, C), sizes(K)), {}, "`[K, C]` and `[K]` do not join in dimension 0", 1),
    ("stack", (sizes(K), sizes(C)), {}, "`[K]` and `[C]` do not stack", 1),
    (
        "matmul",
        (sizes(K, C), sizes(K, C)),
        {},
        "`[K, C]` and `[K, C]` do not multiply as matrices",
        1,
    ),
    ("matmul", (sizes(), sizes(K)), {}, "a matrix product with a value of event shape `[]`", 0),
    ("dot", (sizes(K), sizes(C)), {}, "the sizes of the vectors differ: `K` and `C`", 1),
    (
        "linear",
        (sizes(C), sizes(K)),
        {},
        "the weight of `linear` has event shape `[K]`, not 2 event dimensions",
        1,
    ),
    ("einsum", (sizes(K),), {"equation": "ij->i"}, "`ij` does not name the dimensions of `[K]`", 0),
    ("einsum", (sizes(K), sizes(C)), {"equation": "i,i"}, "`i` stands for both `K` and `C`", 1),
    (
        "einsum",
        (sizes(K),),
        {"equation": "i,j->"},
        "the equation names 2 operands, but there are 1",
        None,
    ),
    ("einsum", (sizes(K),), {"equation": "...i->i"}, "`...` in an einsum equation", None),
    (
        "einsum",
        (sizes(K),),
        {"equation": "i->j"},
        "the result names `j`, which no operand has",
        None,
    ),
    ("einsum", (sizes(K),), {"equation": "i->ii"}, "the result names a letter twice", None),
    ("einsum", (sizes(K),), {"equation": "1->1"}, '"1->1" is not an einsum equation', None),
    ("take", (sizes(K), sizes()), {}, "the index of `take` is float, not int", 1),
    (
        "scatter",
        (sizes(K), sizes(), sizes()),
        {"dim": 0},
        "the index of `scatter` is float, not int",
        1,
    ),
    ("one_hot", (sizes(),), {"num_classes": K}, "the index of `one_hot` is float, not int", 0),
    ("where", (sizes(), sizes(), sizes()), {}, "the condition is float, not bool", 0),
    ("clamp", (sizes(K),), {}, "`clamp` has no bound", None),
    ("bitwise_and", (sizes(), sizes()), {}, "`bitwise_and` of a float", 0),
    ("topk", (sizes(K),), {"k": 4}, "`k=4` is outside of 1 to `K`", None),
    ("glu", (sizes(K),), {}, "`glu` halves a dimension, and `K` is no multiple of 2", 0),
    ("layer_norm", (sizes(K),), {"normalized_shape": sizes(C)}, "`[K]` does not end in `[C]`", 0),
    ("cross", (sizes(C), sizes(C)), {}, "`cross` of vectors of shape `[C]`", 0),
    ("det", (sizes(K, C),), {}, "`det` of `[K, C]`", 0),
    ("tril", (sizes(K),), {}, "`tril` of `[K]`", 0),
    ("diag_embed", (sizes(),), {}, "`diag_embed` of event shape `[]`", 0),
    (
        "full",
        (sizes(K),),
        {"size": sizes(2)},
        "the value of `full` has event shape `[K]`, not 0 event dimensions",
        0,
    ),
    ("zeros", (), {"size": sizes(0)}, "`0` is not a size", None),
    ("arange", (), {"start": 3, "end": 3}, "`arange` has no elements", None),
    ("arange", (), {"start": 3, "end": 5, "step": 0}, "the step of `arange` is 0", None),
    ("tensor", (), {"data": ((1, 2), (3,))}, "the rows of `tensor` differ in length", None),
    ("tensor", (), {"data": ()}, "`tensor` of an empty list", None),
    ("mse_loss", (sizes(K), sizes(C)), {}, "`[K]` and `[C]` do not broadcast", 1),
    ("mse_loss", (sizes(C, K), sizes(K)), {}, "the sides of the loss are `[C, K]` and `[K]`", 1),
    (
        "cross_entropy",
        (sizes(), sizes()),
        {},
        "the input of `cross_entropy` has no class dimension",
        0,
    ),
    ("cross_entropy", (sizes(K, C), sizes(K)), {}, "`[K, C]` and `[K]` differ", 1),
    ("nll_loss", (sizes(C), sizes()), {}, "the target of `nll_loss` is float, not int", 1),
)


@pytest.mark.parametrize(
    ("name", "shapes", "settings", "message", "operand"), REFUSED, ids=lambda v: str(v)[:40]
)
def test_what_does_not_fit(
    name: str,
    shapes: tuple[Shape, ...],
    settings: dict[str, Any],
    message: str,
    operand: int | None,
) -> None:
    with pytest.raises(Misfit) as caught:
        infer(name, *shapes, **settings)
    assert caught.value.message == message
    assert caught.value.operand == operand
    assert caught.value.help and not caught.value.help.endswith(".")


def test_labels_of_another_shape_are_refused() -> None:
    with pytest.raises(Misfit, match=r"the target of `nll_loss` is `\[K, C\]`, not `\[K\]`"):
        infer("nll_loss", sizes(K, C), sizes(K, C), dtypes=("float", "int"))


def test_an_index_out_of_range_is_refused_where_it_is_known() -> None:
    types = (ValueType(frozenset(), sizes(K)), ValueType(frozenset(), (), "int"))
    for number in (3, -4):
        with pytest.raises(
            Misfit, match=f"the index {number} is outside of a dimension of size `K`"
        ):
            entry_of("take").infer(Arguments(types, (None, number), {}))


def test_division_of_integers_by_zero_is_refused() -> None:
    types = (ValueType(frozenset(), sizes(K), "int"), ValueType(frozenset(), (), "int"))
    for name in ("floor_divide", "remainder"):
        with pytest.raises(Misfit, match="division of an integer by zero"):
            entry_of(name).infer(Arguments(types, (None, 0), {}))


SYMBOLIC: tuple[tuple[str, tuple[Shape, ...], dict[str, Any], str], ...] = (
    ("add", (sizes(D, 1), sizes(1, C)), {}, "[D, C]"),
    ("add", (sizes(K), sizes(3)), {}, "[K]"),
    ("add", (sizes(1), sizes(ONE)), {}, "[L]"),
    ("reshape", (sizes(multiply(D, C)),), {"shape": sizes(-1, C)}, "[D, C]"),
    ("reshape", (sizes(D, K, C),), {"shape": sizes(D, -1)}, "[D, 30]"),
    ("flatten", (sizes(D, C),), {}, "[10*D]"),
    ("concat", (sizes(D), sizes(N)), {}, "[D + N]"),
    ("matmul", (sizes(D, K), sizes(K, N)), {}, "[D, N]"),
    ("einsum", (sizes(D, K), sizes(K, N)), {"equation": "ij,jk"}, "[D, N]"),
    ("arange", (), {"start": D}, "[D]"),
    ("glu", (sizes(multiply(constant(2), D)),), {}, "[D]"),
    ("one_hot", (sizes(D),), {"num_classes": C, "dtypes": ("int",)}, "[D, C]"),
)


@pytest.mark.parametrize(
    ("name", "shapes", "settings", "shape"), SYMBOLIC, ids=lambda v: str(v)[:40]
)
def test_sizes_are_symbolic(
    name: str, shapes: tuple[Shape, ...], settings: dict[str, Any], shape: str
) -> None:
    found = infer(name, *shapes, **settings).shape
    canonical = f"[{', '.join(s.canonical() if not s.text.isalpha() else s.text for s in found)}]"
    assert canonical == shape, write_shape(found)
