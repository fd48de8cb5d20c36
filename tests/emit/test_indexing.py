"""An index of several dimensions, of a value with plates and without."""

import pytest
import torch

import storchc

STORY = """story Indexed
plate data
input x[data, 4, 3]
input g[2, 2]: int
param n[4, 3, 5] = normal(0, 1)
report taken = {0}
cost c = sum({0}) + sum(n) + sum(x)
"""


def _taken(code: str) -> tuple[torch.Tensor, torch.Tensor]:
    """What the story takes, and what torch takes for each element of the plate."""
    model = storchc.load(text=STORY.format(code))()
    x, g = torch.randn(3, 4, 3), torch.tensor([[1, 2], [0, 1]])
    apart = [eval(code, {"x": row, "g": g, "n": model.n}) for row in x]
    return model(x, g).reports["taken"], torch.stack(apart)


@pytest.mark.parametrize("code", ["x[g]", "x[:, g]", "x[g, 1:]"])
def test_an_index_of_rank_two_of_a_value_with_plates(code: str) -> None:
    torch.testing.assert_close(*_taken(code))


@pytest.mark.parametrize("code", ["n[:, g]", "n[..., g]", "n[0, g]", "n[1:, g, 2]"])
def test_an_index_of_rank_two_of_a_value_without(code: str) -> None:
    found, apart = _taken(code)
    torch.testing.assert_close(found, apart[0])
