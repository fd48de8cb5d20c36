"""The base of generated modules."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, ClassVar, ParamSpec, Protocol, Self, TypeVar, cast, get_args

import torch
from torch import Tensor, nn

from storch_runtime.by_sample import Methods
from storch_runtime.distributions.base import keeping_grads
from storch_runtime.drawn import Drawn
from storch_runtime.errors import MovedJump, StoryWarning
from storch_runtime.estimate import Estimate, WatchedEstimate
from storch_runtime.frozen import Frozen
from storch_runtime.given import coupling
from storch_runtime.greedy import enumerated, greedy_methods
from storch_runtime.greedy_estimate import at_modes, with_modes
from storch_runtime.kinks import jumping_layer, kink_order
from storch_runtime.located import add_story_line
from storch_runtime.mode import MODE, Given, asks_for_modes
from storch_runtime.ownership import Apart, Trained, apart
from storch_runtime.random import drawing_from
from storch_runtime.resting import resting
from storch_runtime.validation import (
    Validate,
    Within,
    check_classes,
    check_control,
    check_order,
    check_sign,
    check_support,
    look_for_ended,
    looks_at_values,
)
from storch_runtime.watch import Watch

__all__ = ["StoryModule"]

if TYPE_CHECKING:
    from storch_runtime.distributions import Distribution

_P = ParamSpec("_P")
_R = TypeVar("_R", covariant=True)


_OTHERWISE = "use `estimate.backward()`, or `torch.autograd.grad` of `estimate.loss`"
_UNDER_TORCH_FUNC = {
    "functorch transform": f"differentiates inside of the call: {_OTHERWISE}",
    "mutate a captured Tensor": f"keeps an average: call the model in eval mode, or {_OTHERWISE}",
}


def _explain(error: Exception) -> None:
    """Say what torch does not: a method keeps an average, or one of the user's differentiates."""
    for known, words in _UNDER_TORCH_FUNC.items():
        if known in str(error):
            error.add_note(f"`torch.func` does not allow that what this story calls {words}")


class _Callable(Protocol[_P, _R]):
    """What a call needs of a story: it takes what `forward` takes, and gives what that gives."""

    training: bool
    _validate: Validate
    _validating: bool
    modules_unseen: bool
    watch: Watch

    def check_modules(self) -> None: ...

    def _seen_to(self, asked: Mapping[str, Any]) -> AbstractContextManager[None]: ...

    def _at_modes(self, found: object, given: Given) -> object: ...

    @property
    def methods(self) -> Methods: ...

    @property
    def forward(self) -> Callable[_P, _R]: ...


_AS_IT_IS = nullcontext()
_SEEN_TO = frozenset({"generator", "keep_param_grads", "given"})


def _lower(a: int | None, b: int | None) -> int | None:
    """The lower of two orders; None is any."""
    return min((order for order in (a, b) if order is not None), default=None)


class StoryModule(nn.Module):
    """A compiled story, called with its inputs: an `Estimate`. ``methods`` holds the methods.

    ``order`` is the highest derivative of the loss that is an estimate (None: any), ``kinks`` the
    highest one that is right at the places where values bend.
    ``method_modules`` names the attributes whose parameters only the methods' options use,
    ``row_wise`` those of modules whose rows must be independent, with a sample because of which,
    and a place in the story. ``modules_unseen`` is set until the first call in training mode.

    A call raises StoryShapeError, StoryTypeError or StoryValueError of what comes in or lies where
    it must not, with the story line. Every call takes ``given=``, values by sample
    ``[*plates, *event]``, ``generator=``, from which all draws come, and ``keep_param_grads=``.

    >>> import storchc, torch
    >>> model = storchc.load(text='''
    ... story Coins
    ... plate data
    ... input x[data]
    ... param w = 0.0
    ... sample z ~ Bernoulli(logits=w * x) with ScoreFunction(n=2)
    ... cost miss = (z - 1) ** 2
    ... ''')()
    >>> model(torch.ones(3), given={"z": torch.ones(2, 3)}).cost
    tensor(0.)
    >>> model.methods["z"].n = 5
    >>> model(torch.ones(3), generator=torch.Generator()).samples["z"].shape
    torch.Size([5, 3])
    >>> model.validate = "always"
    >>> [name for name, _ in model.named_parameters()]
    ['w']
    """

    order: int | None = None
    kinks: int | None = None
    method_modules: ClassVar[tuple[str, ...]] = ()
    row_wise: ClassVar[tuple[tuple[str, str, str], ...]] = ()
    modules_unseen: bool = True
    _shared: dict[str, frozenset[str]]
    _validate: Validate
    _validating: bool
    forward: Callable[..., Estimate]

    def __init__(self) -> None:
        super().__init__()
        self.watch = Watch()
        self.validate = "first"

    @property
    def validate(self) -> Validate:
        """At which calls values are looked at of which the story proves nothing.

        ``"first"``, ``"always"`` or ``"never"``; another raises ValueError.
        """
        return self._validate

    @validate.setter
    def validate(self, when: Validate) -> None:
        if when not in get_args(Validate):
            raise ValueError(f'`validate` is "first", "always" or "never", not {when!r}')
        self._validate, self._validating = when, when != "never"

    def __getstate__(self) -> dict[str, Any]:
        """What is saved; a copy looks at the values of its own first call."""
        return {**self.__dict__, "_validating": self._validate != "never"}

    def within(self, value: Tensor, bounds: Within, subject: str) -> Tensor:
        """``value``, of any shape: a first call raises StoryValueError unless it lies there."""
        if not torch.compiler.is_compiling() and self._validating and looks_at_values(value):
            bounds.check(value, subject)
        return value

    def one_sign(self, value: Tensor, subject: str) -> Tensor:
        """``value``, of any shape: a first call raises StoryValueError unless it keeps one sign."""
        if not torch.compiler.is_compiling() and self._validating and looks_at_values(value):
            check_sign(value, subject)
        return value

    def one_order(self, value: Tensor, dim: int, subject: str) -> Tensor:
        """``value``, of whose two elements along ``dim`` a first call checks that they keep order.

        Of any shape, 2 along ``dim``; StoryValueError.
        """
        if not torch.compiler.is_compiling() and self._validating and looks_at_values(value):
            check_order(value, dim, subject)
        return value

    def of_classes(self, value: Tensor, count: int, subject: str) -> Tensor:
        """``value``, of any shape: a first call raises StoryValueError unless each is a class."""
        if not torch.compiler.is_compiling() and self._validating and looks_at_values(value):
            check_classes(value, count, subject)
        return value

    def unrounded(self, value: Tensor, subject: str) -> Tensor:
        """``value``, of any shape: a first call warns where many draws have ended early."""
        if not torch.compiler.is_compiling() and self._validating and looks_at_values(value):
            look_for_ended(value, subject)
        return value

    def marked(self, value: Tensor, bounds: Within, subject: str) -> Tensor:
        """See `within`; NaN where it lies elsewhere later on, so that nothing learns from it."""
        return bounds.marked(self.within(value, bounds, subject))

    def checked_control(
        self, control: Tensor | None, draw: Drawn, sample: str, where: str
    ) -> Tensor | None:
        """The control variate of a user's own method: 0 for each element, ``[n, *plates]``.

        A first call raises StoryShapeError or StoryValueError where it is not.
        """
        looking = self._validating and not torch.compiler.is_compiling()
        if looking and control is not None and looks_at_values(control):
            check_control(control, draw.score, sample, where)
        return control

    @property
    def methods(self) -> Methods:
        """The method of each sample, by the sample's name."""
        return self._modules["methods"]  # type: ignore[return-value]

    @methods.setter
    def methods(self, methods: Methods) -> None:
        self._modules["methods"] = methods
        self._look_for_shared()

    def __call__(self: _Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Run `forward`; an exception that leaves the story is noted with its story line.

        What is asked of all draws alike, ``generator`` and ``keep_param_grads``, is seen to here,
        and whether the methods of a story that learns learn too.
        """
        if self.modules_unseen and self.training:
            self.check_modules()
        given: Any = kwargs.get("given")
        learning = self.training and given is None
        if learning and self.watch.unsettled:
            self.watch.check()
        asked = kwargs.keys() & _SEEN_TO
        modes = "given" in asked and asks_for_modes(given)
        try:
            with self._seen_to(kwargs) if asked else _AS_IT_IS:
                found: _R = super().__call__(*args, **kwargs)  # type: ignore[misc]  # of nn.Module
        except Exception as error:
            _explain(error)
            add_story_line(error, sys.modules[type(self).__module__].__file__ or "")
            raise
        if modes:
            return cast(_R, self._at_modes(found, given))
        if self._validating and not torch.compiler.is_compiling():
            self._validating = self._validate == "always"
            if isinstance(found, Estimate):
                found.validated = cast(nn.Module, self)
        if learning:
            if isinstance(found, WatchedEstimate):
                found.watched_by(self.watch)
            for method in self.methods.values():
                method.advance()  # type: ignore[operator]  # each is a Method
        return found

    @contextmanager
    def _seen_to(self, asked: Mapping[str, Any]) -> Iterator[None]:
        """What is asked of all draws alike; methods of a replay do not learn."""
        source, given = asked.get("generator"), asked.get("given")
        replay, greedy = given is not None, given is MODE
        with (
            torch.no_grad() if greedy else _AS_IT_IS,
            keeping_grads() if asked.get("keep_param_grads") and not greedy else _AS_IT_IS,
            resting(self.methods.values()) if self.training and replay else _AS_IT_IS,
            drawing_from(source) if isinstance(source, torch.Generator) else _AS_IT_IS,
        ):
            yield

    def methods_for(self, given: Given | None) -> Methods:
        """The methods, and what stands in for those whose samples take their modes."""
        if given is None or not asks_for_modes(given):
            return self.methods
        return greedy_methods(self.methods, given)

    def _at_modes(self, found: object, given: Given) -> object:
        """What a call returns in which samples took their modes."""
        if not isinstance(found, Estimate):
            return found
        return at_modes(found, enumerated(self.methods)) if given is MODE else with_modes(found)

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; with a module or parameter the model may hold others than before."""
        super().__setattr__(name, value)
        if isinstance(value, nn.Module | nn.Parameter) and "methods" in self._modules:
            self._look_for_shared()

    def load_state_dict(self, *args: Any, **kwargs: Any) -> Any:
        """See `nn.Module.load_state_dict`, which may put in the same parameter at two places."""
        loaded = super().load_state_dict(*args, **kwargs)
        self._look_for_shared()
        return loaded

    def look_into(self, *names: str) -> None:
        """Look for layers that bend in the modules that are given what moves.

        MovedJump where one jumps.
        """
        for name in names:
            module = self._part(name)
            if module is None:
                continue
            jumping = jumping_layer(module)
            if jumping is not None:
                raise MovedJump(
                    f"`{name}` holds a `{jumping}`, which jumps at a place that moves with what "
                    "learns, and no gradient tells; use a layer that does not jump"
                )
            self.kinks = _lower(self.kinks, kink_order(module))
        self.order = _lower(self.order, self.kinks)

    def check_modules(self) -> None:
        """Look at what cannot be seen before the first call in training mode."""
        if torch.compiler.is_compiling():
            return
        self.modules_unseen = False
        self._look_for_shared()
        for name, sample, where in self.row_wise:
            module = self._part(name)
            layer = None if module is None else coupling(module)
            if layer is not None:
                warnings.warn(
                    f"S411: {where}: `{layer}` in `{name}` normalises over the batch, which "
                    f"couples the rows below the sample `{sample}`: its gradient is biased. Use a "
                    f"layer that treats rows apart (`nn.LayerNorm`), or keep `{name}` in eval mode",
                    StoryWarning,
                    stacklevel=3,
                )

    def _part(self, name: str) -> nn.Module | None:
        """What the constructor was given for ``name``, a frozen module too; None if no module."""
        given = getattr(self, name)
        module = given.module if isinstance(given, Frozen) else given
        return module if isinstance(module, nn.Module) else None

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """See `nn.Module._apply`, which moves and converts; frozen modules come along."""
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        for part in vars(self).values():
            if isinstance(part, Frozen) and isinstance(part.module, nn.Module):
                part.module._apply(fn, recurse)  # type: ignore[no-untyped-call]
        return self

    def method_parameters(self) -> Iterator[nn.Parameter]:
        """The parameters of the methods, and of what only their options use."""
        held = frozenset(self.model_parameters())
        return (parameter for parameter in self.parameters() if parameter not in held)

    def model_parameters(self) -> Iterator[nn.Parameter]:
        """Every parameter that the model holds, be it that a method's module holds it too."""
        apart = {"methods", *self.method_modules}
        parts = [part for name, part in self._modules.items() if name not in apart]
        own = [p for name, p in self._parameters.items() if name not in apart]
        every = [*own, *(p for part in parts if part is not None for p in part.parameters())]
        return iter(dict.fromkeys(p for p in every if p is not None))

    def method_module(self, name: str) -> Trained:
        """The module ``name`` as methods train it: what the model holds too is fixed in it."""
        module = self._modules[name]
        assert module is not None
        if name not in self.method_modules:
            return Apart(module, frozenset(dict(module.named_parameters())))
        held = self._shared[name]
        return Apart(module, held) if held else module

    def _look_for_shared(self) -> None:
        """Compare the parameters of methods with the model's, so that no step needs to."""
        named = {name: self._modules.get(name) for name in self.method_modules}
        modules = {name: module for name, module in named.items() if module is not None}
        model = frozenset(self.model_parameters()) if modules else frozenset[nn.Parameter]()
        self._shared = {name: apart(module, model) for name, module in modules.items()}

    def observed(self, law: Distribution, value: Tensor, subject: str) -> Tensor:
        """The log-probability of data ``[*plates, *event]``: ``[*plates]``, 0 density outside.

        Data outside of the support raise StoryValueError in a first call.
        """
        self._look_at(law, value, subject)
        return law.ending_log_prob(value)

    def observed_classes(self, law: Distribution, value: Tensor, subject: str) -> Tensor:
        """See `observed`; of values that lie apart: none is between the support and elsewhere."""
        self._look_at(law, value, subject)
        return law.log_prob(value)

    def _look_at(self, law: Distribution, value: Tensor, subject: str) -> None:
        if not torch.compiler.is_compiling() and self._validating and looks_at_values(value):
            check_support(law, value, subject)
