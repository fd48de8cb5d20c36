"""How far baselines are from the costs that they are subtracted from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import torch
from torch import Tensor

from storch_runtime.by_sample import Methods
from storch_runtime.downstream import Downstream
from storch_runtime.drawn import Drawn

__all__ = ["BaselineErrors"]

Baseline = Callable[[Drawn, Downstream], Tensor | None]


class BaselineErrors:
    """Listens to the baselines of methods, by sample, while it is entered.

    >>> import storchc, torch
    >>> model = storchc.load(text='''
    ... story Coin
    ... param w = 0.0
    ... sample z ~ Bernoulli(logits=w) with ScoreFunction(n=2, baseline=batch_average)
    ... cost paid = 1 + z
    ... ''')()
    >>> with BaselineErrors(model.methods) as errors:
    ...     _ = model(given={"z": torch.tensor([0.0, 1.0])})
    >>> errors.figures()
    {'baseline_error/z': 1.0, 'baseline_left/z': 0.4}
    """

    def __init__(self, methods: Methods) -> None:
        self._methods: dict[str, Any] = {
            name: method for name, method in methods.items() if hasattr(method, "baseline_value")
        }
        self._seen: dict[str, list[Tensor]] = {name: [] for name in self._methods}

    def __enter__(self) -> Self:
        for name, method in self._methods.items():
            method.baseline_value = self._heard(name, method)
        return self

    def __exit__(self, *raised: object) -> None:
        for method in self._methods.values():
            del method.baseline_value

    def _heard(self, name: str, method: Any) -> Baseline:
        """The method's ``baseline_value``, which is taken down too."""
        own: Baseline = method.baseline_value

        def listening(draw: Drawn, downstream: Downstream) -> Tensor | None:
            baseline = own(draw, downstream)
            if baseline is not None and not method.looking:
                self._seen[name].append(_squares(baseline, downstream))
            return baseline

        return listening

    def figures(self) -> dict[str, float]:
        """What each baseline leaves of the cost, squared and averaged, and its share of that."""
        figures = {}
        for name, seen in self._seen.items():
            if seen:
                error, square = torch.stack(seen).mean(0).tolist()
                figures[f"baseline_error/{name}"] = error
                figures[f"baseline_left/{name}"] = error / square if square else float(error > 0)
        return figures


@torch.no_grad()
def _squares(baseline: Tensor, downstream: Downstream) -> Tensor:
    """The squares of what a baseline leaves of the cost, and of the cost: over what counts."""
    cost = downstream.cost.double()
    left = (cost - baseline).square().expand_as(cost)
    return torch.stack([downstream.mean(left), downstream.mean(cost.square())])
