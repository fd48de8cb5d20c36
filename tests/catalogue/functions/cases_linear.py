"""Products of vectors and matrices."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch.nn import functional as F

from tests.catalogue.functions.values import Case, Given, bools, case, ints, real

PRODUCTS = (
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 2)),
    ((2, 3), (3, 4)),
    ((5, 2, 3), (3,)),
    ((3,), (5, 3, 2)),
    ((5, 2, 3), (3, 4)),
    ((2, 3), (5, 3, 4)),
    ((5, 2, 3), (5, 3, 4)),
    ((5, 1, 2, 3), (4, 3, 2)),
    ((5, 1, 2, 3), (3,)),
)


def _products() -> Iterator[Case]:
    for a, b in PRODUCTS:
        yield case("matmul", real(*a), real(*b), means=torch.matmul)
    yield case("matmul", ints(2, 3), real(3), means=lambda a, b: a.double() @ b)
    yield case("matmul", ints(2, 3), bools(3, 2), means=lambda a, b: a @ b.long())
    yield case("dot", real(3), real(3), means=torch.dot)
    yield case("outer", real(3), real(2), means=torch.outer)
    yield case("outer", ints(3), bools(2), means=lambda a, b: torch.outer(a, b.long()))
    for shape in ((3,), (2, 3), (5, 2, 3)):
        yield case("linear", real(*shape), real(4, 3), real(4), means=F.linear)
        yield case("linear", real(*shape), real(4, 3), means=F.linear)
    yield case("linear", ints(3), real(4, 3), means=lambda a, w: F.linear(a.double(), w))


EQUATIONS = ("ij,j->i", "ij,j", "ij,kj->ik", "ij,ij->", "ij,jj->j", "ij,ab->iajb")
SHAPES = (
    ((2, 3), (3,)),
    ((2, 3), (3,)),
    ((2, 3), (4, 3)),
    ((2, 3), (2, 3)),
    ((2, 3), (3, 3)),
    ((2, 3), (4, 1)),
)


def _einsums() -> Iterator[Case]:
    for equation, (a, b) in zip(EQUATIONS, SHAPES, strict=True):
        yield case("einsum", real(*a), real(*b), means=_einsum(equation), equation=equation)
    yield case("einsum", real(2, 3), means=lambda a: a.T, equation="ij -> ji")
    yield case("einsum", ints(2), real(2), means=lambda a, b: a.double() @ b, equation="i,i->")


def _einsum(equation: str):  # type: ignore[no-untyped-def]
    return lambda *values: torch.einsum(equation, *values)


def _matrices() -> Iterator[Case]:
    for name in ("det", "logdet", "inverse", "matrix_exp"):
        yield case(name, real(3, 3), means=getattr(torch, name))
    yield case("det", real(2, 3, 3), means=torch.det)
    yield case("cholesky", Given((3, 3), definite=True), means=torch.linalg.cholesky)
    yield case("diagonal", real(3, 3), means=torch.diagonal)
    yield case("trace", real(3, 3), means=torch.trace)
    yield case("diag_embed", real(3), means=torch.diag)
    yield case("tril", real(3, 3), means=torch.tril)
    yield case("triu", real(3, 2), means=lambda a: torch.triu(a, 1), diagonal=1)
    yield case("cdist", real(2, 3), real(4, 3), means=torch.cdist)
    yield case("cdist", real(2, 3), real(4, 3), means=lambda a, b: torch.cdist(a, b, 1.0), p=1.0)
    yield case(
        "cross", real(2, 3), real(3), means=lambda a, b: torch.linalg.cross(a, b.expand(2, 3))
    )


CASES = (*_products(), *_einsums(), *_matrices())
