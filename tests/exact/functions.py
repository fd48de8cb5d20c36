"""The functions of the story language on event shapes alone, one naive line each."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from tests.exact import laws
from tests.exact.laws import as_float

Dims = int | tuple[int, ...] | list[int] | None


def tensor(value: Any) -> Tensor:
    """A number as a tensor of its kind, floats in double precision."""
    if isinstance(value, Tensor):
        return value
    return torch.tensor(value, dtype=torch.float64 if isinstance(value, float) else None)


def _floating(function: Callable[[Tensor], Tensor]) -> Callable[[Any], Tensor]:
    return lambda x: function(as_float(x))


def _keeping(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda *args: function(*(tensor(x) for x in args))


def _reduction(function: Callable[[Tensor, tuple[int, ...]], Tensor]) -> Callable[..., Tensor]:
    def reduce(x: Any, dim: Dims = None) -> Tensor:
        value = tensor(x)
        dims = tuple(range(value.ndim)) if dim is None else dim
        dims = (dims,) if isinstance(dims, int) else tuple(dims)
        return function(value, tuple(d % max(value.ndim, 1) for d in dims)) if dims else value

    return reduce


def _product(value: Tensor, dims: tuple[int, ...]) -> Tensor:
    for dim in sorted(dims, reverse=True):
        value = value.prod(dim)
    return value


def _log_mean_exp(value: Tensor, dims: tuple[int, ...]) -> Tensor:
    return value.exp().mean(dims).log()


def _softmax(x: Any, dim: int = -1) -> Tensor:
    exponents = as_float(x).exp()
    return exponents / exponents.sum(dim, keepdim=True)


def _log_softmax(x: Any, dim: int = -1) -> Tensor:
    return _softmax(x, dim).log()


def _one_hot(index: Any, classes: int) -> Tensor:
    return (torch.arange(classes) == tensor(index)[..., None]).double()


def _where(condition: Any, then: Any, otherwise: Any) -> Tensor:
    yes, no = tensor(then), tensor(otherwise)
    if yes.is_floating_point() or no.is_floating_point():
        yes, no = yes.double(), no.double()
    return torch.where(tensor(condition).bool(), yes, no)


def _stack(values: list[Any], dim: int = 0) -> Tensor:
    return torch.stack(list(torch.broadcast_tensors(*(as_float(v) for v in values))), dim)


def _concat(values: list[Any], dim: int = 0) -> Tensor:
    return torch.cat([as_float(v) for v in values], dim)


def _take(x: Tensor, index: Tensor | int) -> Tensor:
    where = tensor(index).long()
    return x.index_select(0, where.reshape(-1)).reshape((*where.shape, *x.shape[1:]))


def _cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    return functional.binary_cross_entropy_with_logits(
        as_float(logits), as_float(target), reduction="none"
    )


def _scatter(x: Any, dim: int, place: Any, src: Any) -> Tensor:
    """Slices of a copy written anew, one after the other; by an index without dimensions one."""
    x, chosen, src = as_float(x).movedim(dim, 0), tensor(place), as_float(src)
    if chosen.dim():
        src = src.expand(chosen.shape).movedim(dim, 0)
        rows = zip(chosen.movedim(dim, 0).unbind(0), src.unbind(0), strict=True)
    else:
        rows = zip([chosen], [src], strict=True)
    number = torch.arange(x.shape[0]).reshape(-1, *(1,) * (x.dim() - 1))
    for row, value in rows:
        x = torch.where(number == row, value, x)
    return x.movedim(0, dim)


def _index_put(x: Any, places: Any, values: Any) -> Tensor:
    """Elements of a copy, or what stands behind them, written anew, one after the other."""
    x, places = as_float(x), places if isinstance(places, list) else [places]
    each = torch.broadcast_tensors(*map(tensor, places))
    values = as_float(values).expand((*each[0].shape, *x.shape[len(each) :]))
    count = each[0].numel()
    rows = values.reshape(count, *x.shape[len(each) :])
    for number in range(count):
        here = torch.ones((), dtype=torch.bool)
        for dim, place in enumerate(each):
            line = torch.arange(x.shape[dim]) == place.reshape(-1)[number] % x.shape[dim]
            here = here & line.reshape(-1, *(1,) * (x.dim() - dim - 1))
        x = torch.where(here, rows[number], x)
    return x


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{
        name: _floating(getattr(torch, name))
        for name in ("exp", "log", "log1p", "expm1", "sigmoid", "tanh", "sqrt", "sin", "cos")
    },
    **{
        name: _keeping(getattr(torch, name))
        for name in (
            "relu",
            "abs",
            "square",
            "round",
            "floor",
            "ceil",
            "sign",
            "maximum",
            "minimum",
        )
    },
    "softplus": _floating(functional.softplus),
    "logsigmoid": _floating(functional.logsigmoid),
    "sum": _reduction(lambda x, d: x.sum(d)),
    "mean": _reduction(lambda x, d: as_float(x).mean(d)),
    "prod": _reduction(_product),
    "max": _reduction(lambda x, d: x.amax(d)),
    "min": _reduction(lambda x, d: x.amin(d)),
    "logsumexp": _reduction(lambda x, d: as_float(x).exp().sum(d).log()),
    "logmeanexp": _reduction(_log_mean_exp),
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "cumsum": lambda x, dim=-1: x.cumsum(dim),
    "argmax": lambda x: x.flatten().argmax(),
    "where": _where,
    "one_hot": _one_hot,
    "stack": _stack,
    "concat": _concat,
    "take": _take,
    "scatter": _scatter,
    "index_put": _index_put,
    "flatten": lambda x: x.reshape(-1),
    "reshape": lambda x, shape: x.reshape(*shape),
    "unsqueeze": lambda x, dim: x.unsqueeze(dim),
    "squeeze": lambda x, dim: x.squeeze(dim),
    "full": lambda shape, value: tensor(value).double().expand(*shape),
    "zeros": lambda shape: torch.zeros(*shape, dtype=torch.float64),
    "ones": lambda shape: torch.ones(*shape, dtype=torch.float64),
    "arange": lambda *args: torch.arange(*args),
    "tensor": lambda numbers: torch.tensor(numbers, dtype=torch.float64),
    "matmul": lambda a, b: as_float(a) @ as_float(b),
    "outer": lambda a, b: as_float(a)[:, None] * as_float(b)[None, :],
    "dot": lambda a, b: (as_float(a) * as_float(b)).sum(),
    "binary_cross_entropy_with_logits": _cross_entropy,
    "mse_loss": lambda a, b, reduction="none": (as_float(a) - as_float(b)).square(),
    "stop_gradient": lambda x: tensor(x).detach(),
    "continuous": lambda x: x,
    "without_credit": lambda x: x,
    "long": lambda x: tensor(x).long(),
    "float": as_float,
    "bool": lambda x: tensor(x) != 0,
    "log_prob": laws.log_prob,
    "entropy": laws.entropy,
    "kl_divergence": laws.kl_divergence,
}


def _arithmetic(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda a, b: function(_promoted(a, b), _promoted(b, a))


def _promoted(value: Any, other: Any) -> Any:
    """An int or bool tensor beside a Python float counts in double precision."""
    return as_float(value) if isinstance(value, Tensor) and isinstance(other, float) else value


def _divide(a: Any, b: Any) -> Any:
    return as_float(a) / as_float(b) if isinstance(a, Tensor) or isinstance(b, Tensor) else a / b


OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": _arithmetic(lambda a, b: a + b),
    "-": _arithmetic(lambda a, b: a - b),
    "*": _arithmetic(lambda a, b: a * b),
    "/": _divide,
    "**": _arithmetic(lambda a, b: a**b),
    "%": _arithmetic(lambda a, b: a % b),
    "//": _arithmetic(lambda a, b: a // b),
    "@": lambda a, b: as_float(a) @ as_float(b),
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "and": lambda a, b: torch.logical_and(tensor(a), tensor(b)),
    "or": lambda a, b: torch.logical_or(tensor(a), tensor(b)),
}

UNARY: dict[str, Callable[[Any], Any]] = {
    "-": lambda a: -a,
    "+": lambda a: a,
    "not": lambda a: torch.logical_not(tensor(a)),
}

CONSTANTS: dict[str, Any] = {
    "true": True,
    "false": False,
    "none": None,
    "inf": math.inf,
    "pi": math.pi,
}


def index(value: Tensor, items: tuple[Any, ...]) -> Tensor:
    """``value[items]``, one item at a time; a tensor item selects per world."""
    dim = 0
    for place, item in enumerate(items):
        if item is ...:
            dim = value.ndim - (len(items) - place - 1)
        elif isinstance(item, slice):
            value, dim = value[(slice(None),) * dim + (item,)], dim + 1
        elif isinstance(item, Tensor):
            chosen = value.index_select(dim, item.long().reshape(-1))
            sizes = (*value.shape[:dim], *item.shape, *value.shape[dim + 1 :])
            value = chosen.reshape(sizes)
            dim += item.ndim
        else:
            value = value.select(dim, item)
    return value
