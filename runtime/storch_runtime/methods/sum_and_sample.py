"""Sum and sample: the score function, summed over the most probable values, sampled on the rest.

Formula: ``Σ_{x in C} p(x) f(x) ∇ log p(x) + (1 - p(C)) / m Σ_j f(x_j) ∇ log p(x_j)``, C the
``sum_size`` most probable values, the m = ``sample_size`` others drawn from p restricted to what is
left. It has no baseline of its own; `ScoreFunction` with this sampler may have one.
Unbiased: yes; without variance where the sizes add up to the support.
Needs: finitely many values of the event.
Shapes: score ``[n, *plates]``, weights ``[n, *plates]`` of the sampler.
Reference: Liu et al. 2019, arXiv:1810.04777.
Certified for: any order.
"""

from __future__ import annotations

from storch_runtime import samplers
from storch_runtime.method import Method

__all__ = ["SumAndSample"]


class SumAndSample(Method):
    """The score function by `samplers.SumAndSample`, which has the options.

    Formula, shapes, errors and source: `storch_runtime.methods.sum_and_sample`.
    """

    def __init__(self, sum_size: int, sample_size: int = 1) -> None:
        sampler = samplers.SumAndSample(sum_size, sample_size)
        super().__init__(sum_size + sample_size, sampler=sampler)

    @property
    def sum_size(self) -> int:
        """How many values are summed; may change between calls."""
        return self._sizes().sum_size

    @sum_size.setter
    def sum_size(self, size: int) -> None:
        self._sizes().sum_size = size

    @property
    def sample_size(self) -> int:
        """How many values are drawn from the others; may change between calls."""
        return self._sizes().sample_size

    @sample_size.setter
    def sample_size(self, size: int) -> None:
        self._sizes().sample_size = size

    def _sizes(self) -> samplers.SumAndSample:
        assert isinstance(self.sampler, samplers.SumAndSample)
        return self.sampler
