"""The catalogue of functions: an explicit table, so that a story loads only what it uses."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from storchc.catalogue.function import Function, Over
from storchc.ir.expression import Apply, OverPlates

_GROUPS = {
    "operators": """
        add subtract multiply divide power floor_divide remainder negative positive equal
        not_equal less less_equal greater greater_equal logical_and logical_or logical_xor
        logical_not where
    """,
    "elementwise": """
        exp exp2 expm1 log log2 log10 log1p sqrt rsqrt reciprocal sin cos tan asin acos atan
        sinh cosh tanh asinh acosh atanh sigmoid erf erfc erfinv lgamma digamma i0 sinc
        deg2rad rad2deg erfcx i0e i1 i1e ndtr log_ndtr ndtri entr abs square floor ceil trunc
        frac sign isfinite isinf isnan signbit hardsigmoid hardswish logsigmoid mish relu6
        selu silu softsign tanhshrink celu elu gelu hardshrink hardtanh leaky_relu softplus
        softshrink threshold relu logit nan_to_num polygamma mvlgamma round
    """,
    "pairs": """
        atan2 copysign hypot logaddexp logaddexp2 xlog1py xlogy fmax fmin maximum minimum
        fmod isclose heaviside clamp lerp bitwise_and bitwise_or bitwise_xor bitwise_not pow
    """,
    "reductions": """
        sum mean max min logsumexp logmeanexp prod nansum nanmean any all count_nonzero var
        std argmax argmin median quantile norm
    """,
    "normalising": """
        softmax log_softmax softmin cumsum cumprod logcumsumexp cummax cummin sort argsort
        topk normalize cosine_similarity glu layer_norm rms_norm
    """,
    "shapes": """
        reshape flatten squeeze unsqueeze broadcast_to transpose permute flip roll concat
        stack
    """,
    "indexing": "take gather embedding one_hot",
    "placing": "scatter index_put",
    "creation": """
        zeros ones full zeros_like ones_like arange linspace eye tensor stop_gradient
        without_credit continuous
    """,
    "casts": "float long int bool",
    "linear": """
        matmul linear dot outer cdist cross det logdet inverse cholesky matrix_exp diagonal
        trace diag_embed tril triu
    """,
    "contraction": "einsum",
    "losses": """
        mse_loss l1_loss smooth_l1_loss huber_loss binary_cross_entropy
        binary_cross_entropy_with_logits kl_div poisson_nll_loss gaussian_nll_loss
        soft_margin_loss hinge_embedding_loss margin_ranking_loss cross_entropy nll_loss
    """,
}
_MODULES = {name: module for module, names in _GROUPS.items() for name in names.split()}


def names() -> list[str]:
    """Every function and operator, by name; imports nothing."""
    return sorted(_MODULES)


@cache
def lookup(name: str) -> Function | None:
    """The entry of a function or operator, or None."""
    module = _MODULES.get(name)
    if module is None:
        return None
    table: tuple[Function, ...] = import_module(f"{__name__}.{module}").FUNCTIONS
    return next(entry for entry in table if entry.name == name)


def row(name: str) -> Function:
    """The entry of a function that an expression applies, so that there is one."""
    entry = lookup(name)
    assert entry is not None, name
    return entry


def over(value: OverPlates) -> Over:
    """How the function of a reduction of plates reduces them."""
    found = row(value.function).over
    assert found is not None, value.function
    return found


def linear_over(value: OverPlates) -> bool:
    """Whether a reduction of plates is linear in what it reduces."""
    whole = {"dim": None, "keepdim": False}
    applied = Apply(value.function, (value.value,), whole, value.type, value.span)
    return row(value.function).linear_in(applied, {0})


def plate_reductions() -> list[str]:
    """The functions that take ``over=``, those first that reduce the plates of samples too."""
    found = [(entry.over, name) for name in _MODULES if (entry := row(name)).over]
    return [name for how, name in sorted(found, key=lambda pair: not (pair[0] and pair[0].samples))]


def all_functions() -> list[Function]:
    """Every entry, by name."""
    return [entry for name in names() if (entry := lookup(name))]
