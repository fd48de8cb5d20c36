"""Catalogue, runtime and torch say the same of every family."""

from __future__ import annotations

import inspect
from importlib import import_module

import pytest
import torch
import torch.distributions as td
from torch import Tensor

import storch_runtime.distributions as runtime
import storch_runtime.distributions.users as users
from storchc.catalogue import distributions as catalogue
from storchc.catalogue.family import Argument, Family, infer, property_type
from storchc.catalogue.transforms import TRANSFORMS
from storchc.ir.size import Shape, constant
from storchc.ir.types import ValueType

cases = import_module("tests.runtime.distributions.cases")

# They are made of other distributions.
COMPOSED = {"Independent", "MixtureSameFamily", "TransformedDistribution", "ZeroInflated"}
ABSTRACT = {"Distribution", "ExponentialFamily"}


def _sampled() -> set[str]:
    named = {name: getattr(td, name) for name in td.__all__}
    families = {
        name
        for name, item in named.items()
        if isinstance(item, type) and issubclass(item, td.Distribution)
    }
    return families - COMPOSED - ABSTRACT


LOGARITHMS = {"ExpRelaxedCategorical", "LogitRelaxedBernoulli"}  # in files of their own in torch
KNOWN = sorted(set(catalogue.simple()) - cases.LACKING)


def test_every_family_that_torch_can_sample_is_there() -> None:
    assert set(catalogue.simple()) == _sampled() | LOGARITHMS | cases.LACKING
    public = {name for name, item in vars(runtime).items() if isinstance(item, type)}
    made = {"Delta", "Distribution", *TRANSFORMS, *users.__all__} | COMPOSED - {"Independent"}
    assert public == {*catalogue.simple()} | made


def test_an_unknown_family_is_none() -> None:
    assert catalogue.lookup("Normale") is None


def _entry(name: str) -> Family:
    entry = catalogue.lookup(name)
    assert entry is not None
    return entry


def _arguments(name: str) -> dict[str, Argument]:
    """The parameters of ``cases``, their first dimension a plate."""
    found = {}
    for key, value in cases.parameters(name).items():
        if isinstance(value, Tensor):
            shape: Shape = tuple(constant(size) for size in value.shape[1:])
            found[key] = Argument(ValueType(frozenset({"data"}), shape))
        else:
            found[key] = Argument(ValueType(frozenset(), (), "int"), value)
    return found


@pytest.mark.parametrize("name", KNOWN)
def test_parameters_are_torchs_in_torchs_order(name: str) -> None:
    entry = _entry(name)
    signature = inspect.signature(cases.of_torch(name).__init__).parameters
    theirs = [p for p in signature if p not in {"self", "validate_args", "lims"}]
    assert [p.name for p in entry.parameters] == theirs
    for parameter in entry.parameters:
        default = signature[parameter.name].default
        if default is inspect.Parameter.empty or default is None:
            assert parameter.default is None
        else:
            assert parameter.default == default
    optional = [p for p in theirs if signature[p].default is None]
    assert optional == [p for group in entry.choices for p in group]


@pytest.mark.parametrize("name", catalogue.simple())
def test_the_type_is_that_of_the_sample(name: str) -> None:
    entry = _entry(name)
    inferred = infer(entry, _arguments(name))
    made = getattr(runtime, name)(**cases.parameters(name), event=1)
    value = made.sample()
    assert inferred.plates == {"data"}
    assert _sizes(inferred.batch) == tuple(made.batch_event)
    assert _sizes(inferred.event) == tuple(made.own_event)
    assert _sizes(inferred.sample.shape) == tuple(value.shape[1:])
    assert inferred.dtype == ("float" if value.is_floating_point() else "int")


def _sizes(shape: Shape) -> tuple[int | None, ...]:
    return tuple(size.value for size in shape)


@pytest.mark.parametrize("name", catalogue.simple())
def test_what_can_be_done_with_a_sample(name: str) -> None:
    entry, made = _entry(name), getattr(runtime, name)
    assert entry.pathwise == made.pathwise
    assert entry.pathwise_order == made.pathwise_order
    assert (entry.replay != "none") == made.replayable
    assert entry.inverse == made.inverse
    assert entry.discrete == made.lattice
    assert (entry.replay == "implicit") == (made.pathwise_order == 1)
    assert (entry.finite is not None) == made.finite
    assert {p.name: p.rank for p in entry.parameters if p.rank} == dict(made.ranks)
    assert {p.name for p in entry.parameters if p.constant} == made.constants
    assert entry.finite is None or _outcomes(name) == made(**cases.parameters(name)).outcomes


@pytest.mark.parametrize("name", KNOWN)
def test_torch_can_do_the_same_with_a_sample(name: str) -> None:
    entry = _entry(name)
    torchs = cases.of_torch(name)(**_torch_parameters(name), validate_args=False)
    assert entry.pathwise == (torchs.has_rsample or name in LOGARITHMS)  # one does not say so
    assert (entry.finite is not None) == torchs.has_enumerate_support


def _torch_parameters(name: str) -> dict[str, Tensor | int]:
    given: dict[str, Tensor | int] = cases.parameters(name)
    if name in ("RelaxedOneHotCategorical", "ExpRelaxedCategorical"):
        return given | {"temperature": torch.tensor(0.7).double()}
    return given


def _outcomes(name: str) -> int | None:
    finite = _entry(name).finite
    assert finite is not None
    size = finite(_arguments(name))
    return size.value if size is not None else None


@pytest.mark.parametrize("name", catalogue.simple())
def test_properties_have_the_declared_shapes(name: str) -> None:
    entry, arguments = _entry(name), _arguments(name)
    made = getattr(runtime, name)(**cases.parameters(name), event=1)
    inferred = infer(entry, arguments)
    for row in entry.properties:
        type_ = property_type(entry, inferred, arguments, row.name)
        assert type_ is not None
        value = getattr(made, row.name)
        assert tuple(value.shape) == (3, *_sizes(type_.shape)), row.name
        assert type_.dtype == ("float" if value.is_floating_point() else "int")
    assert property_type(entry, inferred, arguments, "nothing") is None


@pytest.mark.parametrize("name", KNOWN)
def test_properties_are_torchs(name: str) -> None:
    entry = _entry(name)
    given = _torch_parameters(name)
    theirs = cases.of_torch(name)(**given, validate_args=False)
    made = getattr(runtime, name)(**given)
    missing = {"mean", "mode", "stddev", "variance", "probs", "logits"}
    for row in entry.properties:
        expected = torch.as_tensor(getattr(theirs, row.name))
        actual = getattr(made, row.name)
        assert torch.allclose(actual, expected.to(actual.dtype), equal_nan=True), row.name
        missing.discard(row.name)
    for absent in missing:
        with pytest.raises((AttributeError, NotImplementedError)):
            getattr(theirs, absent)


@pytest.mark.parametrize("name", catalogue.simple())
def test_entropy_is_known_or_not(name: str) -> None:
    made = getattr(runtime, name)(**cases.parameters(name))
    try:
        known = made.entropy().isfinite().all().item()
    except (NotImplementedError, TypeError):
        known = False
    assert known == _entry(name).entropy


@pytest.mark.parametrize("name", catalogue.simple())
def test_divergences_are_those_with_a_closed_form(name: str) -> None:
    made = getattr(runtime, name)(**cases.parameters(name))
    allowed = {other for other in catalogue.simple() if _divergence(made, other)}
    assert allowed == _entry(name).divergences


def _divergence(left: runtime.Distribution, right: str) -> bool:
    """Whether the divergence exists and is not infinite by definition."""
    pair = type(left).__name__, right
    if pair[0] == "Uniform" or pair == ("Pareto", "Pareto"):
        return right in _entry(pair[0]).divergences  # infinite or not, by the parameters
    moved = {
        key: value * 1.01 if isinstance(value, Tensor) and value.ndim == 2 else value
        for key, value in cases.parameters(right).items()
    }
    try:
        divergence = runtime.kl_divergence(left, getattr(runtime, right)(**moved))
    except (NotImplementedError, TypeError, AttributeError):
        return False
    return not divergence.isinf().all()


@pytest.mark.parametrize("name", catalogue.simple())
def test_parameters_that_move_the_support_are_marked(name: str) -> None:
    """Beyond the ends of the support of one sample, a moved distribution has density 0."""
    entry = _entry(name)
    marked = {p.name for p in entry.parameters if p.moves_support}
    assert marked == {
        "TruncatedNormal": {"low", "high"},
        "Uniform": {"low", "high"},
        "Pareto": {"scale"},
        "GeneralizedPareto": {"loc", "scale", "concentration"},
    }.get(name, set())


def test_every_entry_says_what_it_is() -> None:
    for name in catalogue.simple():
        entry = _entry(name)
        assert entry.name == name
        assert entry.summary.endswith(".") and len(entry.summary) < 90
