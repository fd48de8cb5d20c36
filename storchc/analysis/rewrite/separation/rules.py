"""What functions do to values that depend on factors apart, and which are linear."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from storchc.analysis.rewrite.separation.factors import Apart, Kind, merged, moved
from storchc.catalogue import functions
from storchc.catalogue.functions.fitting import axes, axis
from storchc.ir.expression import Apply

Move = Callable[[int], int | None]
"""Where an event dimension of an operand is in the result, both counted from the end."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ELEMENTWISE = frozenset({"operators", "elementwise", "activations", "pairs"})
_LOSSES = _words(
    """
    mse_loss l1_loss smooth_l1_loss huber_loss binary_cross_entropy
    binary_cross_entropy_with_logits kl_div poisson_nll_loss gaussian_nll_loss soft_margin_loss
    hinge_embedding_loss margin_ranking_loss
    """
)


def kept(value: Apply, kinds: Sequence[Kind]) -> Apart | None:
    """What the elements of the result are made of; None where factors are joined."""
    apart = [(i, kind) for i, kind in enumerate(kinds) if isinstance(kind, Apart)]
    if "mean" in kinds:
        return None
    if elementwise(value.function):
        return merged(kind for _, kind in apart)
    rule = _rule(value)
    if rule is None or len(apart) != 1:
        return None
    ((position, kind),) = apart
    move = rule(value, position)
    return None if move is None else moved(kind, move)


def elementwise(function: str) -> bool:
    """Whether each element of the result is made of one element of every operand."""
    entry = functions.lookup(function)
    return entry is not None and (entry.group in _ELEMENTWISE or function in _LOSSES)


# --- linear --------------------------------------------------------------------------------------

_SUMS = _words(
    """
    add subtract negative positive sum mean cumsum reshape flatten squeeze unsqueeze broadcast_to
    transpose permute flip roll concat stack diagonal trace diag_embed tril triu
    """
)
_PRODUCTS = frozenset(["multiply", "matmul", "dot", "outer", "einsum"])
_LINEAR_IN: dict[str, frozenset[int]] = {
    "divide": frozenset({0}),
    "where": frozenset({1, 2}),
    "take": frozenset({0}),
    "gather": frozenset({0}),
    "embedding": frozenset({1}),
    "linear": frozenset({0, 2}),
}


def linear(value: Apply, kinds: Sequence[Kind]) -> bool:
    """Whether the expectation of the result is the function of the expectations."""
    dependent = {i for i, kind in enumerate(kinds) if kind != "free"}
    if value.function in _SUMS:
        return True
    if value.function in _PRODUCTS:
        return len(dependent) == 1
    return dependent <= _LINEAR_IN.get(value.function, frozenset())


# --- where dimensions go -------------------------------------------------------------------------


def _rule(value: Apply) -> Callable[[Apply, int], Move | None] | None:
    if value.function in _ALONG:
        return _beside
    entry = functions.lookup(value.function)
    if entry is not None and entry.group == "reductions":
        return _reduced
    return _RULES.get(value.function)


_ALONG = _words(
    """
    softmax log_softmax softmin cumsum cumprod logcumsumexp cummax cummin sort argsort topk
    normalize
    """
)


def _beside(value: Apply, position: int) -> Move:
    """A function along one dimension: what runs along another one stays."""
    at = axis(value.settings["dim"], value.operands[position].type.shape)
    return lambda dim: None if dim == at else dim


def _reduced(value: Apply, position: int) -> Move:
    shape, asked = value.operands[position].type.shape, value.settings.get("dim")
    gone = axes(asked, shape)
    if value.settings.get("keepdim"):
        return lambda dim: None if dim in gone else dim
    return _without(gone)


def _without(gone: Sequence[int]) -> Move:
    return lambda dim: None if dim in gone else dim + sum(g > dim for g in gone)


def _squeeze(value: Apply, position: int) -> Move:
    shape, asked = value.operands[position].type.shape, value.settings["dim"]
    ones = tuple(i - len(shape) for i, size in enumerate(shape) if size.value == 1)
    return _without(ones if asked is None else axes(asked, shape))


def _unsqueeze(value: Apply, position: int) -> Move:
    at = axis(value.settings["dim"], value.operands[position].type.shape, extra=1)
    return lambda dim: dim if dim > at else dim - 1


def _transpose(value: Apply, position: int) -> Move:
    shape = value.operands[position].type.shape
    a, b = (axis(value.settings[name], shape) for name in ("dim0", "dim1"))
    return lambda dim: {a: b, b: a}.get(dim, dim)


def _permute(value: Apply, position: int) -> Move:
    shape = value.operands[position].type.shape
    order = [axis(item, shape) for item in cast("Sequence[int]", value.settings["dims"])]
    return lambda dim: order.index(dim) - len(order)


def _flip(value: Apply, position: int) -> Move:
    gone = axes(value.settings["dims"], value.operands[position].type.shape)
    return lambda dim: None if dim in gone else dim


def _reshape(value: Apply, position: int) -> Move:
    """Dimensions stay where all that stands before them, or behind them, is as it was."""
    old, new = value.operands[position].type.shape, value.type.shape

    def move(dim: int) -> int | None:
        before, behind = old[: dim + len(old) + 1], old[dim:]
        if new[dim if -dim <= len(new) else 0 :] == behind:
            return dim
        return len(before) - 1 - len(new) if new[: len(before)] == before else None

    return move


def _behind(count: int) -> Move:
    """``count`` dimensions are added on the right."""
    return lambda dim: dim - count


def _one_hot(value: Apply, position: int) -> Move:
    return _behind(1)


def _embedding(value: Apply, position: int) -> Move | None:
    return _behind(1) if position == 0 else None


def _take(value: Apply, position: int) -> Move | None:
    return _behind(value.operands[0].type.rank - 1) if position == 1 else None


def _outer(value: Apply, position: int) -> Move:
    return _behind(1 if position == 0 else 0)


def _linear(value: Apply, position: int) -> Move | None:
    return (lambda dim: None if dim == -1 else dim) if position == 0 else None


def _matmul(value: Apply, position: int) -> Move:
    """The contracted dimension is gone; rows and columns of the other side push or draw."""
    own, other = (value.operands[p].type.rank for p in (position, 1 - position))
    summed = -1 if position == 0 or own == 1 else -2
    row = -2 if position == 0 else -1  # where the dimension that is left of the matrix stands

    def move(dim: int) -> int | None:
        if dim == summed:
            return None
        if dim > -3:
            return -1 if row == -1 or other == 1 else -2
        return dim + (other == 1)

    return move


def _einsum(value: Apply, position: int) -> Move:
    text = str(value.settings["equation"]).replace(" ", "")
    left, _, right = text.partition("->")
    if "->" not in text:
        letters = left.replace(",", "")
        right = "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    term = left.split(",")[position]

    def move(dim: int) -> int | None:
        once = term.count(term[dim]) == 1
        return right.index(term[dim]) - len(right) if once and term[dim] in right else None

    return move


_RULES: dict[str, Callable[[Apply, int], Move | None]] = {
    "squeeze": _squeeze,
    "unsqueeze": _unsqueeze,
    "transpose": _transpose,
    "permute": _permute,
    "flip": _flip,
    "roll": _flip,
    "reshape": _reshape,
    "flatten": _reshape,
    "one_hot": _one_hot,
    "embedding": _embedding,
    "take": _take,
    "outer": _outer,
    "linear": _linear,
    "matmul": _matmul,
    "einsum": _einsum,
}
