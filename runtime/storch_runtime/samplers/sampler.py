"""What every sampler is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from torch import Tensor

from storch_runtime.draw import Draw
from storch_runtime.errors import suggestion

if TYPE_CHECKING:
    from storch_runtime.distributions import Distribution
    from storch_runtime.place import Extending

__all__ = ["Outcome", "Sampler", "SamplingClass"]

SamplingClass = Literal["iid", "slot-exact", "linear-exact", "enumerated", "biased"]
Outcome = tuple[Tensor, float]
"""What a sampler can be told to take, and its probability."""


class Sampler(ABC):
    """A way of drawing values, which methods are composed with.

    ``kind`` says how the elements of its plate depend on one another; ``values`` are the options of
    a sampler that are values of the story (``proposal=``). One that is ``coupled`` can draw `in` an
    open plate whose elements depend on one another, and is told ``along`` which dimension it lies.
    An option that a sampler of storch does not have raises AttributeError.

    >>> import torch
    >>> from storch_runtime import distributions, samplers
    >>> law = distributions.Categorical(probs=torch.tensor([0.5, 0.25, 0.25]))
    >>> draw = samplers.WithoutReplacement(k=2).draw(law, 2)
    >>> draw.value.shape, draw.weight.shape, len(set(draw.value.tolist()))
    (torch.Size([2]), torch.Size([2]), 2)
    >>> beam = samplers.BeamSearch(k=2).draw(law, 2)
    >>> beam.weight
    tensor([0.5000, 0.2500])

    They stand behind ``using`` in a story, or in ``sampler=`` of a method.
    """

    kind: ClassVar[SamplingClass]
    coupled: ClassVar[bool] = False
    sample: str = ""

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; an option that a sampler of storch does not have is an error."""
        known = name[0] == "_" or hasattr(self, name) or not self.sample
        if not known and type(self).__module__.startswith("storch_runtime."):
            kind, options = type(self).__name__, [n for n in vars(self) if n != "sample"]
            words = f"`{kind}`, the sampler of `{self.sample}`, has no option `{name}`"
            more = suggestion(name, options) if options else ""
            raise AttributeError(f"{words}{more or '; how many values are drawn its method says'}")
        super().__setattr__(name, value)

    @property
    def size(self) -> int | None:
        """How many elements its plate has, where the sampler says it itself."""
        return None

    @abstractmethod
    def draw(
        self,
        distribution: Distribution,
        n: int | None,
        *,
        pathwise: bool = False,
        noise: Tensor | None = None,
        outcome: Tensor | None = None,
        **values: Any,
    ) -> Draw:
        """Draw n values ``[n, *plates, *event]``, with weights ``[n, *plates]`` or none.

        With n None it is one for each element of the distribution's plates: ``[*plates, *event]``.
        ``pathwise`` keeps the gradient through the value; ``noise``, shaped like the value, or
        ``outcome``, one of `outcomes`, says what comes. ValueError where a sampler can do neither,
        or needs a plate of its own.
        """

    @abstractmethod
    def replay(
        self, distribution: Distribution, value: Tensor, n: int | None, **values: Any
    ) -> Draw:
        """The draw that ``value`` ``[n, *plates, *event]`` would have been, with its weights.

        ValueError where a value does not tell them.
        """

    def extend(
        self,
        distribution: Distribution,
        place: Extending,
        given: Tensor | None = None,
        **values: Any,
    ) -> Draw:
        """Continue sequences that are chosen together, or take the values ``given``.

        Both are ``[*plates, *event]``, the plate of the sequences among the plates. ValueError from
        a sampler that draws its elements one by one.
        """
        raise ValueError(
            f"`{type(self).__name__}` draws its elements one by one: it cannot extend sequences "
            "that are chosen together"
        )

    @abstractmethod
    def outcomes(self, distribution: Distribution, n: int | None) -> list[Outcome]:
        """Every outcome of ``draw`` with its probability, where there are finitely many.

        An outcome is what ``draw`` takes for it, ``[n, *plates, *event]``; for proofs.
        """
