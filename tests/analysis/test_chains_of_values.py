"""Values that are made of one another in long chains are looked through in a moment."""

import pytest

from storchc.driver import check_story

HEAD = """story Chain
plate data
input x[data]
param w = 0.1
sample z ~ Normal(w * x, 1) with ScoreFunction()
compute h0 = z
"""


@pytest.mark.parametrize(
    ("made", "steps"),
    [("h{} * 0.5", 1200), ("-h{}", 1200), ("h{0} * h{0}", 40), ("h{0} / (1 + h{0} ** 2)", 300)],
)
def test_chains(made: str, steps: int) -> None:
    lines = [f"compute h{step + 1} = {made.format(step)}\n" for step in range(steps)]
    text = f"{HEAD}{''.join(lines)}cost c = h{steps}\n"
    assert not check_story("chain.story", text.encode()).failed
