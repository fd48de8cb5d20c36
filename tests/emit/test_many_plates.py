"""Values with many plates: what is written shortly is the same as written out."""

from __future__ import annotations

from itertools import chain

import pytest
import torch

import storchc
from storchc.emit import context
from tests.bench.compiling import apart, row

LENGTH = 16
PAIRS = f"""
story Pairs
param w = 0.4
sample z0 ~ Normal(w, 1)
sample y0 ~ Normal(w, 1)
{
    "".join(
        f'''sample z{i} ~ Normal(z{i - 1}, 1)
sample y{i} ~ Normal(y{i - 1}, 1)
cost c{i} = z{i} * y{i}
'''
        for i in range(1, LENGTH)
    )
}"""


def newest_first(*letters: str) -> list[tuple[str, ...]]:
    """The plates behind each step of chains that run side by side."""
    steps = [tuple(f"{letter}{i}" for letter in letters) for i in range(LENGTH)]
    return [tuple(chain.from_iterable(reversed(steps[: i + 1]))) for i in range(LENGTH)]


def test_a_chain_has_all_its_plates() -> None:
    estimate = storchc.load(text=apart(LENGTH))()()
    for i, plates in enumerate(newest_first("z")):
        assert estimate.plates[f"z{i}"] == estimate.plates[f"c{i}"] == plates


def test_two_chains_have_those_of_both() -> None:
    estimate = storchc.load(text=PAIRS)()()
    for i, plates in enumerate(newest_first("y", "z")):
        assert i == 0 or estimate.plates[f"c{i}"] == plates
        assert estimate.plates[f"z{i}"] == tuple(p for p in plates if p[0] == "z")


def test_a_value_is_expanded_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for many in (2, 99):
        monkeypatch.setattr(context, "MANY_PLATES", many)
        code = storchc.compile(text=row(8))
        assert (".shape)" in code) == (many == 2)
        model = storchc.load(text=row(8))()
        torch.manual_seed(0)
        estimate = model(given={"z3": torch.randn(2, 1, 1, 1, 3)})
        estimate.backward()
        assert estimate.samples["z7"].shape == (*[1] * 4, 2, *[1] * 3, 3)
        found.append((estimate.loss, model.m.grad))
    torch.testing.assert_close(*found, rtol=0, atol=0)
