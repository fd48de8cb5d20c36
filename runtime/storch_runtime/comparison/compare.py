"""Compares models of one story that estimate its gradient in different ways."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from storch_runtime.comparison.contender import Contender
from storch_runtime.comparison.contest import Contest, Progress
from storch_runtime.comparison.filling import fill_averages
from storch_runtime.comparison.result import Comparison, Row, Spread
from storch_runtime.comparison.verdict import judge
from storch_runtime.methods import Expect
from storch_runtime.observing import Inputs, buffers_kept
from storch_runtime.story import StoryModule

__all__ = ["Reference", "compare", "held_to"]


@dataclass(frozen=True, slots=True)
class Reference:
    """A model whose gradient is taken for the true one, and the models that are held to it."""

    name: str
    model: StoryModule
    of: frozenset[str]


def compare(
    models: Mapping[str, StoryModule],
    inputs: Inputs = (),
    *,
    reference: StoryModule | str | None = None,
    repeats: int = 1000,
    budget: float | None = None,
    seed: int = 0,
    listen: Callable[[Progress], None] | None = None,
) -> Comparison:
    """Estimate the gradient of each model again and again on the same inputs, and compare.

    ``models`` are stories that differ in their methods alone, by the names that the table gives
    them; their parameters have the same names and values. ``inputs`` are what they are called with:
    one tensor, a tuple, or a mapping by name. All models are left as they were.

    Args:
        models: what is compared.
        inputs: what each of them is called with.
        reference: a model, or the name of one, whose gradient is right. Without it: one among
            ``models`` that draws nothing (`Expect`), else the first of them.
        repeats: estimates of each gradient, at most.
        budget: seconds after which it ends, with what is known until then.
        seed: of all draws. The same seed gives the same figures, times aside.
        listen: hears how far it is, after every few estimates.

    Raises:
        ValueError: there are no models, too few repeats, or models whose parameters differ.

    Ctrl-C ends it with what is known until then.

    >>> import storchc
    >>> story = '''
    ... story Coin
    ... param w = 0.3
    ... sample z ~ Bernoulli(logits=w) with Expect()
    ... cost paid = (z - 0.4) ** 2
    ... '''
    >>> methods = ["Expect()", "ScoreFunction()", "GumbelSoftmax(temperature=2)"]
    >>> models = {m: storchc.load(text=story, methods={"z": m})() for m in methods}
    >>> found = compare(models, repeats=400)
    >>> found.reference, found.best, [row.biased for row in found.rows]
    ('Expect()', 'Expect()', [False, False, True])
    """
    if not models:
        raise ValueError("there are no models to compare")
    if isinstance(reference, str):
        if reference not in models:
            raise ValueError(f"there is no model `{reference}` among those to compare")
        name, model = reference, models[reference]
    elif reference is not None:
        name, model = "the reference", reference
    else:
        name = next((n for n, m in models.items() if _enumerates(m)), next(iter(models)))
        model = models[name]
    of = Reference(name, model, frozenset(models))
    return held_to([of], models, inputs, repeats=repeats, budget=budget, seed=seed, listen=listen)


def _enumerates(model: StoryModule) -> bool:
    return all(isinstance(method, Expect) for method in model.methods.values())


def held_to(
    references: Sequence[Reference],
    models: Mapping[str, StoryModule],
    inputs: Inputs,
    *,
    repeats: int,
    budget: float | None = None,
    seed: int = 0,
    listen: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
    notes: tuple[str, ...] = (),
    admitted: frozenset[str] = frozenset(),
) -> Comparison:
    """See `compare`; each model is held to a reference of its own, or to none.

    ``stop`` is asked after each estimate whether to end. The models ``admitted`` to be biased, by
    what is known of their methods, get no allowance for draws so rare that none was seen.
    """
    if repeats < 2:
        raise ValueError("a variance needs 2 repeats or more")
    with ExitStack() as stack:
        everyone = [*models.values(), *(r.model for r in references)]
        stack.enter_context(_left_as_they_are(everyone))
        averaged: dict[str, None] = {}

        def contender(name: str, model: StoryModule) -> Contender:
            torch.manual_seed(seed)
            averaged.update(dict.fromkeys(fill_averages(model, inputs)))
            return Contender(name, model, inputs, stack.enter_context(buffers_kept(model)))

        contenders = [contender(name, model) for name, model in models.items()]
        truths = [contender(f"{r.name} (reference)", r.model) for r in references]
        _alike([*contenders, *truths])
        contest = Contest(contenders, truths, repeats, seed, budget, listen, stop)
        complete = contest.run()
        return _found(contest, references, complete, tuple(averaged), notes, admitted)


@contextmanager
def _left_as_they_are(models: Sequence[StoryModule]) -> Iterator[None]:
    """Set buffers, gradients and the state of torch's generators back in the end."""
    gradients = {p: p.grad for model in models for p in model.parameters()}
    devices = {p.device for p in gradients if p.is_cuda}
    with ExitStack() as stack:
        stack.enter_context(torch.random.fork_rng(list(devices)))
        for model in models:
            stack.enter_context(buffers_kept(model))
        try:
            yield
        finally:
            for parameter, gradient in gradients.items():
                parameter.grad = gradient


def _alike(contenders: Sequence[Contender]) -> None:
    first, *others = contenders
    for other in others:
        if other.parameters.keys() != first.parameters.keys():
            names = sorted(other.parameters.keys() ^ first.parameters.keys())
            raise ValueError(
                f"`{first.name}` and `{other.name}` are no models of one story: they differ in the "
                f"parameters {', '.join(names)}"
            )
        for name, value in first.parameters.items():
            if not _equal(value, other.parameters[name]):
                raise ValueError(
                    f"`{name}` has other values in `{other.name}` than in `{first.name}`: "
                    "gradients are compared at one place (`load_state_dict`)"
                )


def _equal(one: Tensor, other: Tensor) -> bool:
    return one is other or (one.shape == other.shape and torch.equal(one, other))


def _found(
    contest: Contest,
    references: Sequence[Reference],
    complete: bool,
    averaged: tuple[str, ...],
    notes: tuple[str, ...],
    admitted: frozenset[str],
) -> Comparison:
    groups = _groups(contest.contenders[0])
    held = {
        name: truth
        for reference, truth in zip(references, contest.references, strict=True)
        for name in reference.of
    }
    everyone = [*contest.contenders, *contest.references]
    farther = max((c.moments.reach.max().item() for c in everyone if c.count > 1), default=0.0)
    rows = tuple(
        _row(c, held.get(c.name), groups, farther, 0.0 if c.name in admitted else farther)
        for c in contest.contenders
    )
    truth = contest.references[0] if references else None
    variance = truth.moments.spread(list(truth.parameters))[0] if truth and truth.random else 0.0
    return Comparison(
        rows,
        references[0].name if references else "",
        truth is not None and not truth.random,
        float(truth.moments.mean.norm()) if truth else 0.0,
        (variance / truth.count) ** 0.5 if truth and truth.count > 1 else float("nan"),
        groups,
        contest.seed,
        averaged,
        complete and all(not contest._wants(c) for c in contest.contenders),
        notes,
    )


def _groups(contender: Contender) -> dict[str, tuple[str, ...]]:
    """The parameters under each name of the model: its modules, and parameters of its own."""
    groups: dict[str, tuple[str, ...]] = {}
    for name in contender.parameters:
        top = name.partition(".")[0]
        groups[top] = (*groups.get(top, ()), name)
    return groups


def _row(
    contender: Contender,
    truth: Contender | None,
    groups: Mapping[str, tuple[str, ...]],
    farther: float,
    own: float,
) -> Row:
    nothing = Spread(float("nan"), float("nan"))
    known = contender.count > 1
    moments = contender.moments
    bias = None
    if known and truth is not None and truth.count > 1:
        shapes = {name: value.shape for name, value in contender.parameters.items()}
        bias = judge(contender.truth(own), truth.truth(farther), shapes)
    return Row(
        contender.name,
        contender.count,
        bias,
        Spread(*moments.spread(list(contender.parameters))) if known else nothing,
        {g: Spread(*moments.spread(list(n))) if known else nothing for g, n in groups.items()},
        contender.milliseconds,
        contender.evaluations,
        contender.memory,
        contender.failure,
    )
