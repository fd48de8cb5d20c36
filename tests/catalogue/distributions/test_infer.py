"""Binding arguments and inferring types: what fits, and the words for what does not."""

from __future__ import annotations

import pytest

from storchc.catalogue import distributions as catalogue
from storchc.catalogue.family import Argument, Family, bind, broadcast, infer
from storchc.catalogue.function import Misfit
from storchc.ir.size import ONE, Size, constant, free
from storchc.ir.types import ValueType

K = constant(2, text="K", literal=False)
C = constant(10, text="C", literal=False)
D = free("D")


def _value(*shape: Size, plates: str = "", number: float | None = None) -> Argument:
    return Argument(ValueType(frozenset(plates.split()), shape), number)


def _entry(name: str) -> Family:
    entry = catalogue.lookup(name)
    assert entry is not None
    return entry


def test_batch_and_event_of_one_hot_classes() -> None:
    inferred = infer(_entry("OneHotCategorical"), {"logits": _value(K, C, plates="z data")})
    assert inferred.plates == {"z", "data"}
    assert (inferred.batch, inferred.event) == ((K,), (C,))
    assert inferred.sample.shape == (K, C)


def test_indices_of_classes_are_integers_without_the_classes() -> None:
    inferred = infer(_entry("Categorical"), {"probs": _value(K, D)})
    assert inferred.sample == ValueType(frozenset(), (K,), "int")


def test_parameters_broadcast_like_functions() -> None:
    normal = _entry("Normal")
    assert infer(normal, {"loc": _value(K, C), "scale": _value()}).batch == (K, C)
    assert infer(normal, {"loc": _value(C), "scale": _value(K, ONE)}).batch == (K, C)
    assert infer(normal, {"loc": _value(D), "scale": _value(D)}).batch == (D,)


def test_plates_are_joined() -> None:
    inferred = infer(_entry("Normal"), {"loc": _value(plates="z"), "scale": _value(plates="data")})
    assert inferred.plates == {"z", "data"}


@pytest.mark.parametrize(
    ("name", "arguments", "message", "operand"),
    [
        (
            "Normal",
            {"loc": _value(K), "scale": _value(constant(3))},
            "[K] and `scale` [3]",
            1,
        ),
        ("Normal", {"loc": _value(free("A")), "scale": _value(D)}, "[A] and `scale` [D]", 1),
        ("Dirichlet", {"concentration": _value()}, "needs a dimension", 0),
        ("Categorical", {"logits": _value()}, "`logits` needs a dimension", 0),
        ("MultivariateNormal", {"loc": _value(K), "scale_tril": _value(K)}, "needs a matrix", 1),
        (
            "MultivariateNormal",
            {"loc": _value(K), "scale_tril": _value(K, C)},
            "`loc` has K coordinates, but `scale_tril` is [K, C]",
            1,
        ),
        (
            "LowRankMultivariateNormal",
            {"loc": _value(K), "cov_factor": _value(C, K), "cov_diag": _value(K)},
            "`cov_factor` is [C, K]",
            1,
        ),
        (
            "LowRankMultivariateNormal",
            {"loc": _value(K), "cov_factor": _value(K, C), "cov_diag": _value(C)},
            "`cov_diag` is [C]",
            2,
        ),
        ("Wishart", {"df": _value(), "scale_tril": _value(K, C)}, "must be square", 1),
        ("LogisticNormal", {"loc": _value(), "scale": _value()}, "make no vector", 0),
        ("LogisticNormal", {"loc": _value(K), "scale": _value(C)}, "make no vector", 1),
        ("Multinomial", {"total_count": _value(number=2.5), "probs": _value(K)}, "an integer", 0),
        ("Binomial", {"total_count": _value(number=0.5), "probs": _value()}, "an integer", 0),
        ("LKJCholesky", {"dim": _value(number=0)}, "integer constant", 0),
        ("LKJCholesky", {"dim": _value(number=2.5)}, "integer constant", 0),
    ],
)
def test_what_does_not_fit(
    name: str, arguments: dict[str, Argument], message: str, operand: int
) -> None:
    with pytest.raises(Misfit) as caught:
        infer(_entry(name), arguments)
    assert message in caught.value.message
    assert caught.value.operand == operand
    assert caught.value.help


@pytest.mark.parametrize(
    ("positional", "keywords", "message", "operand"),
    [
        ([], {}, "exactly one of `probs`, `logits`", None),
        ([1, 2], {}, "exactly one of `probs`, `logits`", None),
        ([1, 2, 3], {}, "takes 2 parameters at most", 2),
        ([1], {"probs": 2}, "`probs` is given twice", 1),
        ([], {"prob": 2}, "has no parameter `prob`", 0),
    ],
)
def test_what_cannot_be_bound(
    positional: list[int], keywords: dict[str, int], message: str, operand: int | None
) -> None:
    with pytest.raises(Misfit) as caught:
        bind(_entry("Bernoulli"), positional, keywords)
    assert message in caught.value.message
    assert caught.value.operand == operand
    assert "Bernoulli(probs=…, logits=…)" in caught.value.help or operand == 1


def test_a_missing_parameter_is_named() -> None:
    with pytest.raises(Misfit, match="`Normal` needs `scale`"):
        bind(_entry("Normal"), [1], {})


def test_arguments_come_in_the_familys_order() -> None:
    assert list(bind(_entry("Normal"), [], {"scale": 1, "loc": 2})) == ["loc", "scale"]
    assert bind(_entry("StudentT"), [3], {"scale": 1}) == {"df": 3, "scale": 1}
    assert bind(_entry("Bernoulli"), [7], {}) == {"probs": 7}


def test_numbers_of_outcomes() -> None:
    def outcomes(name: str, **arguments: Argument) -> Size | None:
        finite = _entry(name).finite
        assert finite is not None
        return finite(arguments)

    assert outcomes("Bernoulli", probs=_value(K)) == constant(2)
    assert outcomes("Categorical", logits=_value(K, D)) == D
    assert outcomes("Binomial", probs=_value()) == constant(2)
    assert outcomes("Binomial", total_count=_value(number=5), probs=_value()) == constant(6)
    assert outcomes("Binomial", total_count=_value(), probs=_value()) is None


def test_only_a_literal_1_broadcasts() -> None:
    one = constant(1, text="K", literal=False)
    assert broadcast((K, ONE), (C,)) == (K, C)
    assert broadcast((one,), (C,)) is None
    assert broadcast((), (D,)) == (D,)
