"""No param and no module of a story takes the place of what every generated module has."""

import pytest

import storchc
from storch_runtime import StoryModule
from storchc.python.reserved import ATTRIBUTES


def test_everything_public_is_reserved() -> None:
    assert {name for name in dir(StoryModule) if name[0] != "_"} <= ATTRIBUTES


@pytest.mark.parametrize("name", ["unrounded", "of_classes", "methods_for"])
def test_a_param_of_such_a_name_gets_another_attribute(name: str) -> None:
    text = f"story A\nparam {name} = 1.5\nsample z ~ Normal({name}, 1)\ncost c = z ** 2\n"
    model = storchc.load(text=text)()
    model().backward()
    assert callable(getattr(model, name))
    assert [parameter.item() for parameter in model.parameters()] == [1.5]
