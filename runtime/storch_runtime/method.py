"""What every gradient estimator is: four functions, and what generated code calls."""

from __future__ import annotations

from operator import index
from typing import TYPE_CHECKING, Any, ClassVar

from torch import Tensor, nn

from storch_runtime.downstream import Downstream
from storch_runtime.draw import Draw
from storch_runtime.drawn import Drawn
from storch_runtime.errors import StoryShapeError, StoryTypeError, StoryValueError, suggestion
from storch_runtime.maybe import MaybeNone
from storch_runtime.place import OWN, SINGLE, Extending, In, Place
from storch_runtime.replayed import check_support, fitted, is_hidden
from storch_runtime.samplers.monte_carlo import MonteCarlo
from storch_runtime.samplers.sampler import Outcome, Sampler

if TYPE_CHECKING:
    from storch_runtime.distributions import Distribution

__all__ = ["Families", "Method", "count_of"]

Families = tuple[type["Distribution"], ...]


def count_of(n: int) -> int:
    """``n``, which must be a whole number of at least 1."""
    try:
        count = 0 if isinstance(n, bool) else index(n)
    except TypeError:
        count = 0
    if count < 1:
        raise ValueError(f"n is {n!r}: a method draws 1 value or more, a whole number of them")
    return count


class Method(nn.Module):
    """A gradient estimator. Unchanged it is the score function, drawn by Monte Carlo.

    A method of your own overrides what it changes of `propose`, `gradient_function`,
    `control_variate` and `own_loss`. Options are plain attributes and may change between calls.
    ``families`` are those of distributions that it is made for; empty: any. ``order`` is the
    highest derivative of the loss that is right; None: any. ``looking`` is set while another method
    looks at values that were not drawn, from which nothing may be learned. ``sample`` is the name
    of the sample that it stands at; from then on it has no other options than it has, and setting
    another raises AttributeError. Shapes are ``[n, *plates, *event]``, as in `Drawn`.

    Score function: Williams 1992; as a factor of the cost (the magic box): Foerster et al. 2018,
    arXiv:1802.05098.

    A method of one's own, a baseline known beforehand:

    >>> import torch
    >>> from storch_runtime import Downstream, Drawn, distributions
    >>> class Constant(Method):
    ...     baseline = 3.0
    ...
    ...     def control_variate(self, draw: Drawn, downstream: Downstream) -> torch.Tensor:
    ...         return self.baseline * (1 - draw.box)
    >>> method = Constant(n=4)
    >>> logits = torch.zeros(2, requires_grad=True)
    >>> draw = method.draw(distributions.Bernoulli(logits=logits))
    >>> draw.value.shape, draw.score.shape, draw.weight is None
    (torch.Size([4, 2]), torch.Size([4, 2]), True)
    >>> control = method.control_variate(draw, Downstream(torch.ones(4, 2)))
    >>> bool((control == 0).all()), control.requires_grad
    (True, True)

    In a story it is named by ``use my.module: Constant``, in its place at a sample.
    """

    families: ClassVar[Families] = ()
    order: int | None = None
    looking: bool = False
    sample: str = ""
    _given_before: bool = False

    def __init__(self, n: int = 1, *, sampler: Sampler | None = None) -> None:
        super().__init__()
        self.sampler: Sampler = MonteCarlo() if sampler is None else sampler
        self._n = count_of(n)

    def stand_at(self, sample: str) -> None:
        """Become the method of a sample of this name."""
        self.sample = self.sampler.sample = sample

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; an option that a method of storch does not have is an error."""
        if name == "temperature" and isinstance(value, int | float) and not value > 0:
            raise ValueError(f"a temperature is {value}: it must be positive")
        if self.sample and name[0] != "_" and not hasattr(self, name) and self._is_known():
            raise AttributeError(self._no_option(name), name=name, obj=self)
        super().__setattr__(name, value)

    def _is_known(self) -> bool:
        return type(self).__module__.startswith(f"{__package__}.")

    def _no_option(self, name: str) -> str:
        own = [n for n in (*vars(self), *self._parameters, *self._buffers) if n[0] != "_"]
        options = sorted({*own, "n"} - {"sample", "training"})
        return (
            f"`{type(self).__name__}`, the method of `{self.sample}`, has no option `{name}`"
            f"{suggestion(name, options)}"
        )

    @property
    def n(self) -> int:
        """How many values are drawn for each element of the plates; may change between calls."""
        return self._n

    @n.setter
    def n(self, n: int) -> None:
        if self.sampler.size is not None:
            sizes = ", ".join(f"`{name}`" for name in vars(self.sampler) if name != "sample")
            raise ValueError(
                f"how many values `{type(self.sampler).__name__}` takes is said by {sizes} of the "
                "sampler, not by n"
            )
        self._n = count_of(n)

    @property
    def elements(self) -> int:
        """How many elements a plate has that this method opens in a loop."""
        return self.n if self.sampler.size is None else self.sampler.size

    def propose(
        self,
        distribution: Distribution,
        n: int | None,
        *,
        noise: Tensor | None = None,
        outcome: Tensor | None = None,
        **values: Any,
    ) -> Draw:
        """Draw values ``[n, *plates, *event]`` and weigh them, ``[n, *plates]``.

        With ``n`` None, one for each element of the plates: ``[*plates, *event]``. ``noise`` or
        ``outcome`` says what is to come, where the sampler can be told.
        """
        return self.sampler.draw(distribution, n, noise=noise, outcome=outcome, **values)

    def replay(
        self, distribution: Distribution, value: Tensor, n: int | None, **values: Any
    ) -> Draw:
        """The draw of a ``value`` ``[n, *plates, *event]`` that is given.

        ValueError where a value does not tell what the method needs to know of a draw.
        """
        return self.sampler.replay(distribution, value, n, **values)

    def gradient_function(self, draw: Draw) -> Tensor | None:
        """The score ``l`` ``[n, *plates]``; None where the gradient is pathwise or enumerated."""
        return draw.log_prob

    def control_variate(self, draw: Drawn, downstream: Downstream) -> Tensor | MaybeNone:
        """A term ``a`` ``[n, *plates]`` of value exactly 0, whose gradient is added."""
        return None

    def own_loss(self, draw: Drawn, downstream: Downstream) -> Tensor | None:
        """A scalar whose gradient trains the method's own parameters."""
        return None

    def joined(self, draw: Drawn, bound: Tensor, terms: Tensor) -> Tensor:
        """``bound`` ``[*plates]``, the log-mean-exp of ``terms`` ``[n, *plates]``.

        In it alone costs join the elements. What is returned takes its place in the loss.
        """
        return bound

    def advance(self) -> None:
        """A training forward has ended, in which the method drew once or, in a loop, many times."""

    def outcomes(
        self, distribution: Distribution, *, each: bool = False, **values: Any
    ) -> list[Outcome]:
        """Every outcome of `propose` with its probability, where there are finitely many.

        ``each``: of one value for each element of the plates, as `In` an open plate.
        """
        return self.sampler.outcomes(distribution, None if each else self.n, **values)

    def draw(
        self,
        distribution: Distribution,
        given: Tensor | None = None,
        place: Place = OWN,
        **values: Any,
    ) -> Draw:
        """Draw where the sample stands, or take the values ``given``; ``values`` are options.

        A sample with a plate of its own has n values, ``[n, *plates, *event]``; one ``In`` an open
        plate a value for each element of the distribution's plates, ``[*plates, *event]``.
        ValueError where the distribution is of no family that the method is made for, or a plate
        that was compiled without a dimension has several elements; what is given is checked by
        `fitting`.
        """
        n = plate_dim = None
        if isinstance(place, In):  # asked first: this is every step of a loop
            plate_dim = place.plate_dim
            if self.sampler.coupled:
                values["along"] = plate_dim
        elif place is SINGLE:
            self._only_one()
        elif isinstance(place, Extending):
            return self.extend(distribution, place, given, **values)
        else:
            n = self.n
        if self.families:
            self.check_family(distribution)
        if given is None:
            draw = self.propose(distribution, n, **values)
        else:  # which may have another n
            value = self.fitting(given, distribution, own=0 if n is None else 1)
            draw = self.replay(distribution, value, None if n is None else len(value), **values)
        if plate_dim is not None:
            draw.plate_dim = plate_dim
        draw.score = self.gradient_function(draw)
        return draw

    def extend(
        self, distribution: Distribution, place: Extending, given: Tensor | None, **values: Any
    ) -> Draw:
        """Continue the joint sample that the place names, or take the values ``given``.

        Both are ``[*plates, *event]``, the plate of the joint sample among the plates.
        """
        if given is not None:
            given = self.fitting(given, distribution, own=0)
        draw = self.sampler.extend(distribution, place, given, **values)
        draw.score = self.gradient_function(draw)
        return draw

    def _only_one(self) -> None:
        if self.n != 1:
            raise ValueError(
                f"n is {self.n}, but this story was compiled with a single element in this plate, "
                "which has no dimension of its own; compile it with the n that is wanted"
            )

    def check_family(self, distribution: Distribution) -> None:
        """ValueError where ``distribution`` is of no family that the method is made for."""
        if self.families and not isinstance(distribution, self.families):
            names = " and ".join(f"`{family.__name__}`" for family in self.families)
            raise ValueError(
                f"`{type(self).__name__}` is made for {names}, not for "
                f"`{type(distribution).__name__}`"
            )

    def fitting(self, given: Tensor, distribution: Distribution, own: int) -> Tensor:
        """A given value, detached, as it is stored: ``[n, *plates, *event]``, n where ``own`` is 1.

        A plate of size 1 may have no dimension in memory. StoryShapeError, StoryTypeError or
        StoryValueError where it is no value of the sample; what is in it is looked at the first
        time.
        """
        try:
            value = fitted(given, distribution, own)
            if not self._given_before and not is_hidden(value):
                check_support(value, distribution)
                self._given_before = True
        except (StoryShapeError, StoryTypeError, StoryValueError) as error:
            named = f"`{self.sample}`" if self.sample else "a sample"
            raise type(error)(f"the value given for {named} {error}") from None
        return value
