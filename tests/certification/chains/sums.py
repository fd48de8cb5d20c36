"""Certifying `Expect` in loops: the interpreter draws what the module sums over.

The expectation of a cost is the same whether whole sequences are drawn or enumerated. So the
interpreter reads the story with `ScoreFunction(n=1)` where it says `Expect`, and lists every
sequence as a world; the module, which is given no sequence, has the expectation over all in each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from tests.certification.harness import (
    Case,
    Model,
    Uncertified,
    derivatives,
    differentiable,
    hessian_rows,
    parameters,
    set_baselines,
)
from tests.exact.interpreter import Exact, interpret

_ENUMERATED = r"Expect\([^)]*\)"


def certify_sums(
    story: Case,
    *,
    model: Model | None = None,
    given: Sequence[Mapping[str, Tensor]] = (),
    tolerance: float = 1e-9,
) -> None:
    """Prove the value, the gradient and the Hessian of the module, or raise ``Uncertified``.

    ``given`` lists the draws below enumerated plates, which the interpreter's do not fit.
    """
    model = story.model() if model is None else model
    set_baselines(model, 0.7)
    drawn = re.sub(_ENUMERATED, "ScoreFunction(n=1)", story.text)
    exact = interpret(drawn, story.inputs, parameters(model), story.modules)
    worlds = _worlds(model, exact)
    estimates = [model(**story.inputs, given=one) for one in given or [w for w, _ in worlds]]
    shares = [_share(e, given[0]) for e in estimates] if given else [share for _, share in worlds]
    got = sum(share * e.loss for share, e in zip(shares, estimates, strict=True))
    leaves = differentiable(model, story)
    ours, theirs = (derivatives(value, leaves) for value in (got, exact.value))
    _agree("value", got, exact.value, tolerance)
    for name in leaves:
        _agree(f"gradient of {name}", ours[name], theirs[name], tolerance)
    second = hessian_rows(ours, leaves), hessian_rows(theirs, leaves)
    _agree("Hessian", *second, tolerance)


def _worlds(model: Model, exact: Exact) -> list[tuple[dict[str, Tensor], Tensor]]:
    """What worlds draw, sequences aside, each with the probability of all that draw the same."""
    drawn = {
        name: values
        for name, values in exact.samples.items()
        if type(model.methods[name]).__name__ != "Expect"
    }
    if not drawn:
        return [({}, torch.ones(()))]
    whole = torch.cat([values.flatten(1).double() for values in drawn.values()], 1)
    different, which = whole.unique(dim=0, return_inverse=True)
    shares = torch.zeros(len(different)).double().index_add(0, which, exact.probability)
    first = [int((which == i).nonzero()[0]) for i in range(len(different))]
    return [
        ({name: values[w] for name, values in drawn.items()}, share)
        for w, share in zip(first, shares, strict=True)
    ]


def _share(estimate: Any, names: Iterable[str]) -> Tensor:
    """The probability of what was given."""
    return torch.stack([estimate.log_probs[n].sum() for n in names]).sum().exp().detach()


def _agree(what: str, got: Tensor, expected: Tensor, tolerance: float) -> None:
    bound = tolerance * (1 + expected.detach().abs())
    if got.shape != expected.shape or not bool(((got - expected).detach().abs() <= bound).all()):
        raise Uncertified(f"{what}: got {got.detach()}, expected {expected.detach()}")
