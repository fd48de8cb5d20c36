"""Published programs as stories: the gradients that plain PyTorch has on the same draws.

Nothing is said of any, and each means the same in YAML.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch

import storchc
from tests.published.programs.built import PROGRAMS
from tests.published.twin import meaning, yaml_twin

FOLDER = Path(__file__).parent / "by_hand"
FROZEN = re.compile(r"module (\w+) frozen")


def test_each_story_has_its_program() -> None:
    assert sorted(PROGRAMS) == sorted(path.stem for path in FOLDER.glob("*.story"))


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_twin_is_the_same_module(name: str, tmp_path: Path) -> None:
    story, twin = FOLDER / f"{name}.story", tmp_path / f"{name}.yaml"
    twin.write_text(yaml_twin(story.read_text()))
    assert meaning(twin) == meaning(story)


def double(value: Any) -> Any:
    return value.double() if torch.is_tensor(value) and value.is_floating_point() else value


@pytest.mark.parametrize("name", PROGRAMS)
def test_gradients_are_those_by_hand(name: str) -> None:
    torch.manual_seed(0)
    program = PROGRAMS[name]
    parts = program.parts()
    with warnings.catch_warnings(action="error"):  # nothing is said of the story
        model = storchc.load(FOLDER / f"{name}.story")(**parts).double()
    inputs = [double(value) for value in program.inputs()]
    estimate = model(*inputs)
    estimate.backward()

    trained = dict(model.named_parameters())
    loss = program.loss(model, *inputs, **estimate.samples)
    wanted = torch.autograd.grad(loss, list(trained.values()))
    for (key, parameter), gradient in zip(trained.items(), wanted, strict=True):
        assert gradient.any(), key
        assert parameter.grad is not None, key
        torch.testing.assert_close(parameter.grad, gradient, rtol=1e-6, atol=1e-9)
    for part in FROZEN.findall((FOLDER / f"{name}.story").read_text()):
        assert not any(key.startswith(f"{part}.") for key in trained)
        kept = [p for p in parts[part].parameters() if all(p is not q for q in trained.values())]
        assert all(p.grad is None for p in kept)
