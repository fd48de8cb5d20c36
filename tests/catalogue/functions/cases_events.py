"""Functions of events: reductions, along a dimension, shapes, indexing, creation."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from tests.catalogue.functions.values import (
    Case,
    Operand,
    bools,
    case,
    ints,
    lifted,
    positive,
    real,
    shape_of,
)

Reduce = Callable[[Tensor, tuple[int, ...], bool], Tensor]
DIMS: tuple[int | tuple[int, ...] | None, ...] = (None, 0, -1, (0, 2), (-1, 1))


def _chained(name: str) -> Reduce:
    def reduce(a: Tensor, dims: tuple[int, ...], keep: bool) -> Tensor:
        for dim in sorted((d % a.dim() for d in dims), reverse=True):
            a = getattr(torch, name)(a, dim, keepdim=keep)
        return a

    return reduce


def _logmeanexp(a: Tensor, dims: tuple[int, ...], keep: bool) -> Tensor:
    count = math.prod(a.shape[d] for d in dims)
    return a.double().logsumexp(dims, keepdim=keep) - math.log(count)


REDUCE: dict[str, Reduce] = {
    "sum": lambda a, d, k: a.sum(d, keepdim=k),
    "mean": lambda a, d, k: a.double().mean(d, keepdim=k),
    "max": lambda a, d, k: a.amax(d, keepdim=k),
    "min": lambda a, d, k: a.amin(d, keepdim=k),
    "logsumexp": lambda a, d, k: a.double().logsumexp(d, keepdim=k),
    "logmeanexp": _logmeanexp,
    "prod": _chained("prod"),
    "nansum": lambda a, d, k: a.nansum(d, keepdim=k),
    "nanmean": lambda a, d, k: a.double().nanmean(d, keepdim=k),
    "any": lambda a, d, k: a.any(d, keepdim=k),
    "all": lambda a, d, k: a.all(d, keepdim=k),
    "norm": lambda a, d, k: torch.linalg.vector_norm(a.double(), dim=d, keepdim=k),
    "var": lambda a, d, k: a.double().var(d, keepdim=k),
    "std": lambda a, d, k: a.double().std(d, keepdim=k),
}


def _every(dims: int | tuple[int, ...] | None, rank: int) -> tuple[int, ...]:
    return tuple(range(rank)) if dims is None else dims if isinstance(dims, tuple) else (dims,)


def _reduced(name: str, operand: Operand, dims: Any, keep: bool = False) -> Case:
    reduce = REDUCE[name]
    options = {"keepdim": True} if keep else {}

    def meaning(a: Tensor) -> Tensor:
        return reduce(a, _every(dims, a.dim()), keep) if a.dim() else reduce(a[None], (0,), False)

    return case(name, operand, means=meaning, dim=dims, **options)


def _reductions() -> Iterator[Case]:
    for name in REDUCE:
        for dims in DIMS:
            yield _reduced(name, real(2, 3, 4), dims)
        yield _reduced(name, real(2, 3, 4), None, keep=True)
        yield _reduced(name, real(2, 3, 4), (0, 2), keep=True)
        yield _reduced(name, ints(4, low=1), None)
        yield _reduced(name, bools(2, 3), 1)
        if name not in ("var", "std"):
            for operand in (real(), ints(), bools()):
                yield _reduced(name, operand, None)
    yield case("var", real(3), means=lambda a: a.var(correction=0), correction=0, dim=None)
    yield case("std", real(), means=lambda a: a * 0, correction=0, dim=None)
    yield case("norm", real(3, 2), means=lambda a: a.abs().amax(0), p=math.inf, dim=0)
    yield case("norm", real(3, 2), means=lambda a: a.abs().sum(0), p=1, dim=0)
    for dims in DIMS:
        yield case("count_nonzero", ints(2, 3, 4, below=2), means=_count(dims), dim=dims)
    yield case("count_nonzero", ints(below=2), means=torch.count_nonzero, dim=None)


def _count(dims: int | tuple[int, ...] | None) -> Callable[[Tensor], Tensor]:
    return lambda a: torch.count_nonzero(a, _every(dims, a.dim()))


def _singles() -> Iterator[Case]:
    for name in ("argmax", "argmin"):
        function = getattr(torch, name)
        for operand in (real(2, 3), ints(5), bools(3), real()):
            yield case(name, operand, means=lambda a, f=function: f(a.double()))
        yield case(name, real(2, 3), means=lambda a, f=function: f(a, 0), dim=0)
        yield case(
            name,
            real(2, 3),
            means=lambda a, f=function: f(a, -1, keepdim=True),
            dim=-1,
            keepdim=True,
        )
        yield case(name, real(2, 3), means=lambda a, f=function: f(a).reshape(1, 1), keepdim=True)
    yield case("median", real(2, 5), means=torch.median)
    yield case("median", real(2, 4), means=lambda a: a.median(1).values, dim=1)
    yield case("quantile", real(2, 5), means=lambda a: a.quantile(0.3), q=0.3)
    yield case(
        "quantile",
        real(2, 5),
        means=lambda a: a.quantile(0.3, 0, keepdim=True),
        q=0.3,
        dim=0,
        keepdim=True,
    )


# --- along a dimension ---------------------------------------------------------------------------


def _along() -> Iterator[Case]:
    for name in ["softmax", "log_softmax", "softmin", "logcumsumexp", "cumsum", "cumprod"]:
        function = getattr(torch, name, None) or getattr(F, name)
        yield case(name, real(2, 3), means=lambda a, f=function: f(a, dim=-1))
        yield case(name, real(2, 3), means=lambda a, f=function: f(a, dim=0), dim=0)
        number = name[:3] == "cum"
        yield case(
            name, ints(3), means=lambda a, f=function, n=number: f(a if n else a.double(), dim=-1)
        )
        yield case(
            name, bools(3), means=lambda a, f=function, n=number: f(a if n else a.double(), dim=-1)
        )
    for name in ("cummax", "cummin"):
        yield case(name, real(2, 3), means=lambda a, n=name: getattr(torch, n)(a, -1).values)
    yield case("sort", real(2, 3), means=lambda a: a.sort().values)
    yield case(
        "sort",
        ints(4, 2),
        means=lambda a: a.sort(0, descending=True).values,
        dim=0,
        descending=True,
    )
    yield case("argsort", real(2, 3), means=torch.argsort)
    yield case("median", bools(5), means=lambda a: a.long().median())
    yield case("topk", bools(4), means=lambda a: a.long().topk(2).values.bool(), k=2)
    yield case("topk", real(2, 5), means=lambda a: a.topk(2).values, k=2)
    yield case(
        "topk",
        real(4, 2),
        means=lambda a: a.topk(3, 0, largest=False).values,
        k=3,
        dim=0,
        largest=False,
    )
    yield case("normalize", real(2, 3), means=lambda a: F.normalize(a, dim=-1))
    yield case("normalize", real(2, 3), means=lambda a: F.normalize(a, p=1.0, dim=0), p=1.0, dim=0)
    yield case(
        "cosine_similarity",
        real(2, 3),
        real(3),
        means=lambda a, b: F.cosine_similarity(a, b, dim=-1),
    )
    yield case(
        "cosine_similarity",
        real(2, 3),
        real(2, 3),
        means=lambda a, b: F.cosine_similarity(a, b, dim=0),
        dim=0,
    )
    yield case("glu", real(2, 4), means=F.glu)
    yield case("glu", real(2, 4), means=lambda a: F.glu(a, 0), dim=0)
    yield case(
        "layer_norm",
        real(2, 4),
        means=lambda a: F.layer_norm(a, (4,)),
        normalized_shape=shape_of((4,)),
    )
    yield case(
        "layer_norm",
        real(2, 4),
        means=lambda a: F.layer_norm(a, (2, 4), eps=0.1),
        normalized_shape=shape_of((2, 4)),
        eps=0.1,
    )
    yield case(
        "rms_norm", real(2, 4), means=lambda a: F.rms_norm(a, (4,)), normalized_shape=shape_of((4,))
    )


# --- shapes --------------------------------------------------------------------------------------

RESHAPES = (
    ((6,), (2, 3)),
    ((2, 3), (6,)),
    ((2, 3), (3, 2)),
    ((2, 3), (2, -1)),
    ((2, 3, 4), (2, 12)),
    ((2, 3, 4), (6, 4)),
    ((2, 12), (2, 3, 4)),
    ((6, 4), (2, 3, 4)),
    ((2, 3, 4), (4, 3, 2)),
    ((), (1, 1)),
    ((1,), ()),
    ((1, 2), (2,)),
    ((2,), (2, 1)),
    ((2, 3), (2, 1, 3)),
    ((2, 3), (2, 3)),
    ((2, 1, 1), (2,)),
    ((4, 3), (-1, 2, 3)),
)


def _reshaping() -> Iterator[Case]:
    for old, new in RESHAPES:
        yield case("reshape", real(*old), means=lambda a, n=new: a.reshape(n), shape=shape_of(new))
    for old in ((), (2,), (2, 3), (2, 3, 4)):
        yield case("flatten", real(*old), means=torch.flatten)
    yield case("flatten", real(2, 3, 4), means=lambda a: a.flatten(0, 1), start_dim=0, end_dim=1)
    yield case("flatten", ints(2, 3, 4), means=lambda a: a.flatten(1), start_dim=-2)
    yield case("squeeze", real(1, 2, 1), means=torch.squeeze)
    yield case("squeeze", real(2, 3), means=torch.squeeze)
    yield case("squeeze", real(1, 2, 1), means=lambda a: a.squeeze(0), dim=0)
    yield case("squeeze", real(1, 2, 1), means=lambda a: a.squeeze((0, 2)), dim=(0, -1))
    for dim in (0, 1, 2, -1, -3):
        yield case("unsqueeze", real(2, 3), means=lambda a, d=dim: a.unsqueeze(d), dim=dim)
    yield case("unsqueeze", real(), means=lambda a: a.unsqueeze(0), dim=0)
    for old in ((), (3,), (2, 1, 3), (1, 1)):
        yield case(
            "broadcast_to", real(*old), means=lambda a: a.expand(2, 4, 3), size=shape_of((2, 4, 3))
        )


def _moving() -> Iterator[Case]:
    yield case("transpose", real(2, 3, 4), means=lambda a: a.transpose(0, 2), dim0=0, dim1=-1)
    yield case("transpose", real(2, 3), means=lambda a: a.T, dim0=-2, dim1=-1)
    for order in ((0, 1, 2), (2, 0, 1), (1, 0, 2), (-1, 1, 0)):
        yield case("permute", real(2, 3, 4), means=lambda a, o=order: a.permute(o), dims=order)
    yield case("flip", real(2, 3, 4), means=lambda a: a.flip(0, 2), dims=(0, 2))
    yield case("flip", real(3), means=lambda a: a.flip(0), dims=0)
    yield case("roll", real(2, 3), means=lambda a: a.roll(1, 1), shifts=1, dims=1)
    for a, b in ((real(2, 3), real(4, 3)), (ints(2, 3), real(1, 3)), (bools(2, 3), ints(1, 3))):
        yield case("concat", a, b, means=lambda *v: torch.cat(v))
    yield case(
        "concat", real(2, 3), real(2, 2), real(2, 1), means=lambda *v: torch.cat(v, 1), dim=-1
    )
    for dim in (0, 1, -1):
        yield case("stack", real(2), real(2), means=lambda *v, d=dim: torch.stack(v, d), dim=dim)
    yield case("stack", real(), 2, ints(), means=_scalars)
    yield case("stack", ints(2), bools(2), means=lambda a, b: torch.stack((a, b.long())))


def _scalars(*values: Any) -> Tensor:
    return torch.stack([lifted(v).double() for v in values])


# --- indexing ------------------------------------------------------------------------------------


def _indexing() -> Iterator[Case]:
    for source in ((4,), (4, 2), (4, 2, 3)):
        for chosen in ((), (3,), (2, 3)):
            yield case("take", real(*source), ints(*chosen), means=lambda a, i: a[i])
        yield case("take", real(*source), -1, means=lambda a, i: a[i])
    yield case("gather", real(4, 2), ints(3, 2), means=lambda a, i: a.gather(0, i), dim=0)
    yield case("gather", ints(4, 2), ints(4, 5, below=2), means=lambda a, i: a.gather(1, i), dim=-1)
    yield case("gather", real(4, 3), ints(2, 2), means=lambda a, i: a.gather(0, i), dim=0)
    yield from _placing()
    for chosen in ((), (3,), (2, 3)):
        yield case("embedding", ints(*chosen), real(4, 2), means=F.embedding)
    yield case("embedding", 1, real(4, 2), means=lambda i, a: a[i])
    yield case("one_hot", ints(3), means=lambda i: F.one_hot(i, 4).double(), num_classes=4)
    yield case(
        "one_hot", 2, means=lambda i: F.one_hot(torch.tensor(i), 4), num_classes=shape_of((4,))[0]
    )


def _placing() -> Iterator[Case]:
    """Values written into a copy, by indices that name no place twice."""
    yield case("scatter", real(4), ints(below=4), real(), means=_selected(0), dim=0)
    yield case("scatter", real(4, 2), ints(below=4), real(2), means=_selected(0), dim=0)
    yield case("scatter", real(4, 2), ints(below=2), real(), means=_selected(1), dim=1)
    yield case("scatter", real(4, 2), 3, real(2), means=_selected(0), dim=0)
    yield case("scatter", real(2, 4), ints(below=4), real(2), means=_selected(1), dim=-1)
    yield case("scatter", real(4, 2), ints(1, 2), real(1, 2), means=_scattered(0), dim=0)
    yield case("scatter", real(4, 2), ints(1, 2), real(), means=_scattered(0), dim=0)
    yield case("scatter", ints(2, 4), ints(2, 1), real(2, 1), means=_scattered(1), dim=1)
    yield case("index_put", real(4), ints(1, below=4), real(), means=_put)
    yield case("index_put", real(4), ints(1, 1, below=4), real(1), means=_put)
    yield case("index_put", real(4, 2, 3), ints(2, below=2), real(3), means=_put)
    yield case("index_put", real(4, 2, 3), ints(1, 1, below=4), real(1, 2, 3), means=_put)
    yield case("index_put", ints(4, 2), ints(1, 2, below=2), real(), means=_put)


def _selected(dim: int) -> Callable[..., Tensor]:
    def means(value: Tensor, index: Any, source: Any) -> Tensor:
        kind = torch.result_type(value, source)
        found, source = value.to(kind).clone(), torch.as_tensor(source).to(kind)
        found.select(dim, int(index)).copy_(source.expand(found.select(dim, 0).shape))
        return found

    return means


def _scattered(dim: int) -> Callable[..., Tensor]:
    def means(value: Tensor, index: Tensor, source: Any) -> Tensor:
        kind = torch.result_type(value, source)
        return value.to(kind).scatter(
            dim, index, torch.as_tensor(source).to(kind).expand(index.shape)
        )

    return means


def _put(value: Tensor, index: Tensor, source: Any) -> Tensor:
    kind = torch.result_type(value, source)
    written = torch.as_tensor(source).to(kind)
    return value.to(kind).index_put(tuple(index.unbind(-1)), written)


# --- creation ------------------------------------------------------------------------------------


def _creation() -> Iterator[Case]:
    for shape in ((), (2,), (2, 3)):
        size = shape_of(shape)
        yield case("zeros", means=lambda s=shape: torch.zeros(s), size=size)
        yield case("ones", means=lambda s=shape: torch.ones(s), size=size)
        for value in (0.1, 3, True, real(), ints()):
            yield case("full", value, means=lambda v, s=shape: lifted(v).expand(s), size=size)
    yield case("zeros_like", real(2), means=torch.zeros_like)
    yield case("ones_like", ints(2), means=torch.ones_like)
    yield case("ones_like", real(2), means=torch.ones_like)
    for start, end, step in ((4, None, 1), (1, 4, 1), (1, 8, 3), (5, 0, -2), (0, 3, 2)):
        ends = (start,) if end is None else (start, end, step)
        yield case("arange", means=lambda e=ends: torch.arange(*e), start=start, end=end, step=step)
    yield case(
        "linspace",
        means=lambda: torch.linspace(0, 1, 7, dtype=torch.float64),
        start=0,
        end=1.0,
        steps=7,
    )
    yield case("eye", means=lambda: torch.eye(3), n=3)
    yield case("eye", means=lambda: torch.eye(3, 2), n=3, m=2)
    for data in (0.5, (1, 2), ((1, 2.5), (3, -math.inf)), ((True,), (False,))):
        yield case("tensor", means=lambda d=data: torch.tensor(d), data=data)
    yield case("stop_gradient", positive(2), means=lambda a: a)
    yield case("continuous", positive(2), means=lambda a: a)
    yield case("continuous", ints(2), means=lambda a: a)
    yield case("without_credit", positive(2), means=lambda a: a)
    yield case("without_credit", ints(2), means=lambda a: a)


CASES = (
    *_reductions(),
    *_singles(),
    *_along(),
    *_reshaping(),
    *_moving(),
    *_indexing(),
    *_creation(),
)
