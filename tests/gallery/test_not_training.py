"""The page on gradients that do not train names commands, options and figures that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

import storch_runtime
import storchc
from tests.commands.conftest import Run
from tests.commands.conftest import run as run

PAGE = (Path(__file__).parents[2] / "docs" / "not-training.md").read_text()
CALLS = sorted(set(re.findall(r"(?:storchc |`)(check|explain|certify|compare)\b([^`\n]*)", PAGE)))
STORY = """story Watched
param w[2] = 0.3
sample z ~ Bernoulli(logits=w) using ImportanceSampling(n=4, proposal=Bernoulli(logits=-w))
sample y ~ Bernoulli(logits=w) with ScoreFunction(baseline=0.5 * w[0])
cost c = (sum(z) - sum(y)) ** 2
"""


@pytest.mark.parametrize(("command", "rest"), CALLS)
def test_commands_and_options(run: Run, command: str, rest: str) -> None:
    known = run(command, "--help").out
    for option in re.findall(r"--[a-z]+", rest):
        assert option in known


def test_labels_of_explain(run: Run, tmp_path: Path) -> None:
    (tmp_path / "watched.story").write_text(STORY)
    out = run("explain", "watched.story").out
    for label in ("minimised", "credited with", "scores", "trains"):
        assert f"`{label}`" in PAGE and re.search(rf"^ *{label}", out, re.MULTILINE)


def test_figures_of_the_monitor() -> None:
    model, reference = storchc.load(text=STORY)(), storchc.load(text=STORY)()
    seen: set[str] = set()
    torch.manual_seed(0)
    with storch_runtime.Monitor(
        model, 1, to=lambda _, figures: seen.update(figures), repeats=2, reference=reference
    ):
        model()
    named = set(re.findall(r"`([a-z_]+/[a-z_]+)`", PAGE))
    assert len(named) == 5
    assert {name.replace("/z", "/y") if "baseline" in name else name for name in named} <= seen


def test_functions_of_the_runtime() -> None:
    for name in ("Monitor", "gradient_statistics", "reduce_plates", "variance", "compare"):
        assert name in PAGE and hasattr(storch_runtime, name)
