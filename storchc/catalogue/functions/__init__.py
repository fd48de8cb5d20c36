"""The catalogue of functions: an explicit table, so that a story loads only what it uses."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from storchc.catalogue.function import Function

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
    "creation": "zeros ones full zeros_like ones_like arange linspace eye tensor stop_gradient",
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


def all_functions() -> list[Function]:
    """Every entry, by name."""
    return [entry for name in names() if (entry := lookup(name))]
