"""What happens to parameters outside of their bounds: nothing is learned from them in silence."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

import storch_runtime.distributions as runtime
import storch_runtime.generated as generated
from storch_runtime.validation import Within
from storchc.catalogue import distributions as catalogue
from storchc.catalogue.family import Family, Parameter

NAN_HANGS = {"VonMises"}  # torch's rejection sampler never ends: the first call alone looks
BOUNDS: dict[str, Within] = {
    bounds.words: bounds
    for bounds in (generated.POSITIVE, generated.NONNEGATIVE, generated.PROBABILITY)
}


def bounded() -> Iterator[tuple[Family, Parameter]]:
    for name in catalogue.simple():
        family = catalogue.lookup(name)
        assert family is not None
        yield from ((family, p) for p in family.parameters if _ends(p))


def _ends(parameter: Parameter) -> bool:
    """Whether numbers may lie outside: that they are integers is looked at in stories alone."""
    return parameter.bounds is not None and math.isfinite(parameter.bounds.least)


def arguments(family: Family) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for p in family.parameters:
        if p.name in ("logits", "precision_matrix", "scale_tril"):
            continue
        base = {"high": 3.0, "total_count": 3.0}.get(p.name, 0.4 if "probs" in p.name else 1.2)
        shape = {0: (), 1: (2,)}.get(p.rank)
        given[p.name] = torch.eye(2) if shape is None else torch.full(shape, base)
        if p.constant:
            given[p.name] = 2
    return given


def violated(family: Family, parameter: Parameter) -> Tensor:
    value: Tensor = arguments(family)[parameter.name].clone()
    assert parameter.bounds is not None
    value.view(-1)[0] = 1.2 if math.isfinite(parameter.bounds.most) else -0.5
    return value


def goes_on(family: Family, name: str, value: Tensor) -> bool:
    """Whether draws and their log-probability stay numbers."""
    try:
        law = getattr(runtime, family.name)(**{**arguments(family), name: value}, event=0)
        drawn = law.rsample(3) if law.pathwise else law.sample(3)
        return bool(drawn.isfinite().all()) and bool(law.log_prob(drawn).isfinite().all())
    except (RuntimeError, ValueError):
        return False


@pytest.mark.parametrize(
    ("family", "parameter"), list(bounded()), ids=lambda row: getattr(row, "name", "")
)
def test_what_lies_outside_is_an_error_or_no_number(family: Family, parameter: Parameter) -> None:
    value = violated(family, parameter)
    assert parameter.bounds is not None and not parameter.bounds.hold(float(value.view(-1)[0]))
    if parameter.silent:
        value = BOUNDS[parameter.bounds.words].marked(value)
    if family.name not in NAN_HANGS:
        assert not goes_on(family, parameter.name, value)


def test_the_runtime_has_the_bounds_of_the_catalogue() -> None:
    for family, parameter in bounded():
        assert parameter.bounds is not None, family.name
        bounds = BOUNDS[parameter.bounds.words]
        assert (bounds.least, bounds.most, bounds.above) == (
            parameter.bounds.least,
            parameter.bounds.most,
            parameter.bounds.open,
        )
