"""What the entries have in common: event shapes, numbers of outcomes, properties."""

from __future__ import annotations

from storchc.catalogue.family import Arguments, Property, PropertyShape
from storchc.ir.size import Shape, Size, constant

MOMENTS = ("mean", "mode", "stddev", "variance")
CLASS_CHOICE = (("probs", "logits"),)


def properties(
    *parameters: str, moments: tuple[str, ...] = MOMENTS, matrices: tuple[str, ...] = ()
) -> tuple[Property, ...]:
    """Properties: moments shaped like the sample, parameters like parameters, matrices."""

    def rows(names: tuple[str, ...], shape: PropertyShape) -> tuple[Property, ...]:
        return tuple(Property(name, shape) for name in names)

    return (*rows(moments, "sample"), *rows(parameters, "parameter"), *rows(matrices, "matrix"))


def scalar(arguments: Arguments) -> Shape:
    """No event dimensions of its own."""
    return ()


def classes(arguments: Arguments) -> Shape:
    """``[C]``: the last dimension of the probabilities or logits."""
    return (class_count(arguments),)


def class_count(arguments: Arguments) -> Size:
    """The number of classes."""
    given = arguments.get("probs") or arguments["logits"]
    return given.type.shape[-1]


def two(arguments: Arguments) -> Size:
    """Two outcomes."""
    return constant(2)
