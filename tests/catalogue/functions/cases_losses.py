"""Losses, element by element."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from tests.catalogue.functions.values import Case, case, ints, lifted, positive, real, unit


def _means(name: str, **options: Any):  # type: ignore[no-untyped-def]
    def meaning(*values: Any) -> Tensor:
        tensors = torch.broadcast_tensors(*(lifted(v).double() for v in values))
        return getattr(F, name)(*tensors, reduction="none", **options)

    return meaning


SIMPLE = [
    "mse_loss",
    "l1_loss",
    "smooth_l1_loss",
    "huber_loss",
    "soft_margin_loss",
    "kl_div",
    "poisson_nll_loss",
]


def _elements() -> Iterator[Case]:
    for name in SIMPLE:
        yield case(name, real(2, 3), unit(2, 3), means=_means(name))
        yield case(name, real(2, 3), unit(), means=_means(name))
        yield case(name, real(), ints(2, low=1), means=_means(name))
        yield case(name, real(3), 1, means=_means(name))
    for name, option in (
        ("smooth_l1_loss", {"beta": 0.5}),
        ("huber_loss", {"delta": 0.5}),
        ("kl_div", {"log_target": True}),
        ("poisson_nll_loss", {"full": True}),
        ("poisson_nll_loss", {"log_input": False, "eps": 0.1}),
        ("hinge_embedding_loss", {"margin": 0.5}),
    ):
        yield case(name, positive(3), real(3), means=_means(name, **option), **option)
    for name, first in (
        ("binary_cross_entropy", unit(2, 3)),
        ("binary_cross_entropy_with_logits", real(2, 3)),
    ):
        yield case(name, first, unit(), means=_means(name))
        yield case(name, first, ints(2, 3, below=2), means=_means(name))
        yield case(name, first, unit(2, 3), unit(3), means=_weighted(name, "weight"))
    name = "binary_cross_entropy_with_logits"
    yield case(
        name, real(2, 3), unit(2, 3), unit(3), means=_weighted(name, "pos_weight"), weight=None
    )
    yield case(
        "gaussian_nll_loss", real(2, 3), real(3), positive(3), means=_means("gaussian_nll_loss")
    )
    yield case(
        "gaussian_nll_loss",
        real(3),
        real(3),
        positive(3),
        means=_means("gaussian_nll_loss", full=True),
        full=True,
    )
    yield case(
        "margin_ranking_loss", real(2, 3), real(2, 3), 1, means=_means("margin_ranking_loss")
    )


def _weighted(name: str, keyword: str):  # type: ignore[no-untyped-def]
    def meaning(a: Tensor, b: Tensor, w: Tensor) -> Tensor:
        return getattr(F, name)(a, b.expand_as(a), reduction="none", **{keyword: w.expand_as(a)})

    return meaning


def _class_last(name: str, a: Tensor, target: Tensor, **options: Any) -> Tensor:
    """Each row alone."""
    rows = a.double().reshape(-1, a.shape[-1])
    targets = (
        target.reshape(-1, a.shape[-1])
        if target.is_floating_point()
        else target.expand(a.shape[:-1]).reshape(-1)
    )
    loss = getattr(F, name)
    losses = [loss(r, t, reduction="none", **options) for r, t in zip(rows, targets, strict=True)]
    return torch.stack(losses).reshape(a.shape[:-1])


def _classes() -> Iterator[Case]:
    for shape in ((4,), (2, 4), (2, 3, 4)):
        for name in ("cross_entropy", "nll_loss"):
            yield case(name, real(*shape), ints(*shape[:-1]), means=partial(_class_last, name))
        yield case(
            "cross_entropy", real(*shape), unit(*shape), means=partial(_class_last, "cross_entropy")
        )
    yield case("cross_entropy", real(2, 3, 4), ints(3), means=partial(_class_last, "cross_entropy"))
    for options in ({"label_smoothing": 0.2}, {"ignore_index": 1}):
        means = partial(_class_last, "cross_entropy", **options)
        yield case("cross_entropy", real(2, 4), ints(2), means=means, **options)
    yield case(
        "cross_entropy",
        real(4),
        2,
        means=lambda a, i: _class_last("cross_entropy", a, torch.tensor(i)),
    )


CASES = (*_elements(), *_classes())
