"""What commands run a story with: constructor arguments from ``make()``, inputs from arrays."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

import storchc
from storchc.building import CannotBuild, arguments_of, construct, read_inputs, read_make

STORY = """story Net
plate data
input x[data, 3]
input label[data]: int
input beta
module net: [3] -> [2]
module mended: [2] -> [2] = nn.Linear(2, 2)
compute scores = mended(net(x))
cost miss = beta * cross_entropy(scores, label)
"""
MAKE = "from torch import nn\nfrom beside import WIDTH\ndef make():\n    "


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], str]:
    """``written("return …")``: a file with a ``make()`` of that body, as ``--build`` names it."""

    def write(body: str) -> str:
        (tmp_path / "beside.py").write_text("WIDTH = 3\n")
        (tmp_path / "net.py").write_text(MAKE + body + "\n")
        return f"{tmp_path / 'net.py'}:make"

    return write


def test_a_model_of_what_make_returns(written: Callable[[str], str]) -> None:
    story = storchc.load(text=STORY)
    make = read_make(written("return {'net': nn.Linear(WIDTH, 2)}"))
    model = construct(story, arguments_of(story, make))
    assert model.net.weight.shape == (2, 3)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("return nn.Linear(3, 2)", "the constructor's keyword arguments, .*; this is Linear"),
        ("return {}", "make.. gives no `net`, for which there is no default"),
        ("return {'nett': 1}", "`nett`, which the story does not take; did you mean `net`?"),
        ("return {'net': 3}", "the story does not take what make.. gives: .*`net`"),
        ("return missing", "make.. fails: NameError: .*net.py:4"),
    ],
)
def test_what_make_returns_is_wrong(written: Callable[[str], str], body: str, words: str) -> None:
    story = storchc.load(text=STORY)
    with pytest.raises(CannotBuild, match=words):
        construct(story, arguments_of(story, read_make(written(body))))


def test_without_make_the_story_must_have_defaults() -> None:
    with pytest.raises(CannotBuild, match=r"no default for `net`: .*{'net': …}, .*--build"):
        arguments_of(storchc.load(text=STORY), None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("net.py", "names no function: write it like `vae.py:make`"),
        ("nowhere.py:make", "cannot read `nowhere.py`: no such file"),
        ("{}:build", "has no function `build`"),
    ],
)
def test_no_such_function(written: Callable[[str], str], text: str, words: str) -> None:
    file, _ = written("return {}").rsplit(":", 1)
    with pytest.raises(CannotBuild, match=words):
        read_make(text.format(file))


def test_a_file_that_fails(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("def make():\n    return {}\n1 / 0\n")
    with pytest.raises(CannotBuild, match=r"fails: ZeroDivisionError: .*net.py:3"):
        read_make(f"{tmp_path / 'net.py'}:make")
    (tmp_path / "net.py").write_text("def make(:\n")
    with pytest.raises(CannotBuild, match="is no Python"):
        read_make(f"{tmp_path / 'net.py'}:make")


def test_inputs_have_the_types_that_the_story_says(tmp_path: Path) -> None:
    path = str(tmp_path / "data.npz")
    np.savez(path, x=np.ones((4, 3)), label=np.arange(4, dtype="uint8") % 2, beta=2, other=1)
    found = read_inputs(path, storchc.analyze(text=STORY))
    kinds = {name: value.dtype for name, value in found.items()}
    assert kinds == {"x": torch.float32, "label": torch.int64, "beta": torch.float32}


def test_inputs_that_do_not_fit(tmp_path: Path) -> None:
    graph, path = storchc.analyze(text=STORY), str(tmp_path / "data.npz")
    with pytest.raises(CannotBuild, match=r"takes `x`, `label` and `beta`: .*--inputs"):
        read_inputs(None, graph)
    with pytest.raises(CannotBuild, match=r"cannot read `.*data.npz`"):
        read_inputs(path, graph)
    np.savez(path, x=np.ones((4, 3), dtype="uint8"), label=np.ones(4))
    with pytest.raises(CannotBuild, match="no array `beta`; it has `x` and `label`"):
        read_inputs(path, graph)
    np.savez(path, x=np.ones((4, 3), dtype="uint8"), label=np.ones(4), beta=1.0)
    with pytest.raises(CannotBuild, match=r"`x` of .* holds uint8, and the story takes float"):
        read_inputs(path, graph)
