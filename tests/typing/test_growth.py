"""What carried variables become: plates that go round, plates that never come, and how fast."""

from __future__ import annotations

from typing import Any

import pytest

from storchc.typing import expressions
from tests.typing.reading import graph, read, said

STORY = """story S
plate data
input x[data]
{}
cost c = m * x
"""

ONE = """for t in range(3) from m = 0.0:
    sample z ~ Normal({}, 1)
    compute m = {}"""

NEST = """for t in range(3) from m = 0.0:
    for s in range(2) from h = m:
        sample z ~ Normal(mean({}, over=z), 1)
        compute h = {}
    compute m = h"""

STOPPING = """for t in range(3) from m = 0.0:
    compute u = mean(m, over={})
    sample z ~ Normal(u, 1)
    compute m = m + 1
    stop when {} > 2"""


@pytest.mark.parametrize(
    ("steps", "lacking"),
    [
        (ONE.format("mean(m, over=z)", "m * 0.5"), "z"),
        (ONE.format("mean(m, over=z)", "m * 0.5 + mean(z, over=z)"), "z"),
        (ONE.format("logmeanexp(m, over=z)", "m * 0.5"), "z"),
        (ONE.format("mean(m, over=[data, z])", "m + z"), "data"),
        (ONE.format("mean(m, over=data)", "m + z"), "data"),
        (ONE.format("sum(m, over=data)", "m + z"), "data"),
        (ONE.format("mean(1.0, over=z)", "m + z"), "z"),
        (ONE.format("mean(1.0, over=data)", "m + x"), "data"),
        (NEST.format("h", "h * 0.5"), "z"),
        (NEST.format("m", "m + 1"), "z"),
        (STOPPING.format("data", "m"), "data"),
        (STOPPING.format("data", "z"), "data"),
        (STOPPING.format("z", "x"), "z"),
    ],
)
def test_a_plate_that_no_step_brings_is_lacking(steps: str, lacking: str) -> None:
    assert said(STORY.format(steps)) == [("S332", lacking)]


@pytest.mark.parametrize(
    ("steps", "plates"),
    [
        (ONE.format("mean(m, over=z)", "m * 0.5 + z"), {"z"}),
        (ONE.format("mean(m, over=data)", "z * x"), {"z", "data"}),
        (ONE.format("logmeanexp(m, over=z)", "m * z"), {"z"}),
        (NEST.format("h", "h * 0.5 + z"), {"z"}),
        (NEST.format("m", "h + z"), {"z"}),
        (STOPPING.format("data", "x"), {"data"}),
        (STOPPING.format("z", "z"), {"z"}),
    ],
)
def test_a_plate_may_come_with_the_first_step(steps: str, plates: set[str]) -> None:
    type_ = graph(STORY.format(steps)).types["m"]
    assert type_ is not None
    assert type_.plates == plates


def test_a_carried_sample_has_the_plate_that_it_opens() -> None:
    steps = "for t in range(3) from z = 0.0:\n    sample z ~ Normal({}, 1)\ncompute m = z"
    assert said(STORY.format(steps.format("mean(z, over=z)"))) == []
    assert said(STORY.format(steps.format("mean(z, over=data)"))) == [("S332", "data")]


def test_each_of_two_loops_is_looked_at() -> None:
    steps = """for t in range(3) from h = 0.0:
    sample y ~ Normal(mean(h, over=y), 1)
    compute h = h * 0.5
for t in range(3) from m = 0.0:
    sample z ~ Normal(mean(m, over=z) + h, 1)
    compute m = m * 0.5"""
    assert said(STORY.format(steps)) == [("S332", "y"), ("S332", "z")]


def test_what_is_wrong_with_integers_may_go_away() -> None:
    text = """story S
module f: [] -> []
for t in range(3) from n = 0:
    compute m = f(n)
    compute n = n + 0.5
cost c = n
"""
    found, problems = read(text)
    assert found is not None
    assert {p.code for p in problems} == {"S230"}
    assert found.types["n"].dtype == "float"


def ring(size: int) -> str:
    """Every variable takes the one before it, so that the plate comes to one more in each step."""
    carried = ", ".join(f"a{i} = 0" for i in range(size))
    steps = [f"    compute a{i} = a{i - 1} * 2" for i in reversed(range(1, size))]
    last = f"    sample z ~ Normal(a{size - 1}, 1)\n    compute a0 = a{size - 1} + z"
    return "\n".join(
        [f"story Ring\nfor t in range(3) from {carried}:", *steps, last, "cost c = a0"]
    )


def readings(monkeypatch: pytest.MonkeyPatch, text: str) -> int:
    count = 0
    value = expressions.value

    def counted(*args: Any) -> Any:
        nonlocal count
        count += 1
        return value(*args)

    with monkeypatch.context() as patched:
        patched.setattr(expressions, "value", counted)
        types = graph(text + "\n").types
    assert all("z" in types[name].plates and types[name].dtype == "float" for name in types)
    return count


def test_a_ring_of_carried_variables_is_read_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = readings(monkeypatch, ring(50)), readings(monkeypatch, ring(500))
    assert large <= 10.5 * small
