"""The functions of random stories by themselves: they refuse to be called otherwise than is due."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from tests.random_stories.memory import declaration, keepers, watched

TEXT = "\n".join(map(declaration, ("walk", "count")))


class Calls(nn.Module):
    """A module that makes these calls."""

    def __init__(self, *calls: Callable[[], Tensor]) -> None:
        super().__init__()
        self.calls = calls

    def forward(self) -> list[Tensor]:
        return [call() for call in self.calls]


def made(*names: str, value: Tensor | None = None) -> list[Tensor]:
    """What is said in these calls, where `walk` is due with a plate, then `count` without."""
    functions = keepers(TEXT)
    functions["walk"].expect(("a",), ("a",))
    functions["count"].expect((), ())
    given = {"walk": torch.ones(2) if value is None else value, "count": torch.ones(())}
    calls = [lambda name=name: functions[name](given[name]) for name in names]
    said: list[Tensor] = watched(Calls(*calls), functions)()
    return said


def test_the_calls_that_are_due() -> None:
    walk, count = made("walk", "count")
    torch.testing.assert_close(walk, torch.ones(2).double().tanh())
    torch.testing.assert_close(count, torch.ones(()).double().tanh())


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("walk",), "1 of"),
        (("walk", "count", "count"), "too often"),
        (("count", "walk"), "is called where `walk` is due"),
    ],
)
def test_other_calls_are_refused(names: tuple[str, ...], words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        made(*names)


def test_other_plates_are_refused() -> None:
    with pytest.raises(AssertionError, match="not on the full plates"):
        made("walk", "count", value=torch.ones(()))


def test_every_call_of_the_module_begins_anew() -> None:
    functions = keepers(declaration("walk"))
    functions["walk"].expect((), ())
    model = watched(Calls(lambda: functions["walk"](torch.ones(()))), functions)
    torch.testing.assert_close(model(), model())
