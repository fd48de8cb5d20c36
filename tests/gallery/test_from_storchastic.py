"""The programs of "From Storchastic" run, ours and theirs, and mean the same."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

import storchc

PAGE = (Path(__file__).parents[2] / "docs" / "from-storchastic.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```(story|python)\n(.*?)```", re.DOTALL)
FILE = re.compile(r"`(\w+\.story)`")
THEIRS = re.compile(r"\bstorch\b")  # neither storchc nor storch_runtime
CODE = re.compile(r"`([^`]+)`")
installed = pytest.mark.skipif(
    importlib.util.find_spec("storch") is None, reason="needs the package storchastic"
)


def sections() -> dict[str, str]:
    """The text of each section by its title."""
    parts = re.split(r"^## (.*)\n", PAGE, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def programs(section: str) -> tuple[str, str, list[str], str]:
    """The name of the story, the story, our programs in their order, and theirs."""
    blocks = BLOCK.findall(section)
    [story] = [text for language, text in blocks if language == "story"]
    [theirs] = [text for language, text in blocks if language == "python" and THEIRS.search(text)]
    ours = [text for language, text in blocks if language == "python" and text != theirs]
    match = FILE.search(section)
    assert match is not None
    return match[1], story, ours, theirs


SECTIONS = {title: programs(text) for title, text in sections().items() if "```story" in text}


def methods() -> list[tuple[list[str], list[str]]]:
    """The rows of the table of methods: what is written there, and here."""
    rows = []
    for line in sections()["Estimators and samplers"].splitlines():
        cells = line.split("|")
        if len(cells) == 5 and "(" in cells[1] + cells[2]:
            there, here = (CODE.findall(cell) for cell in cells[1:3])
            rows.append((there, [text for text in here if "(" in text]))
    return rows


def test_the_page_is_read() -> None:
    assert len(SECTIONS) == 5
    assert len(methods()) >= 20


@pytest.mark.parametrize("title", SECTIONS)
def test_our_programs_run(title: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, story, ours, _ = SECTIONS[title]
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / name).write_text(story, encoding="utf-8")
    assert storchc.check(name) == []
    for program in ours:
        if file := re.match(r"# (\w+\.py)\n", program):
            (tmp_path / file[1]).write_text(program, encoding="utf-8")
        else:
            exec(compile(program, title, "exec"), {})


@pytest.mark.parametrize("written", [text for _, here in methods() for text in here])
def test_our_methods_compile(written: str) -> None:
    needs = {"ARM": "Bernoulli(logits=w)", "DisARM": "Bernoulli(logits=w)"}
    needs |= {"Reparameterization": "Normal(w, 1)", "LAX": "Normal(w, 1)"}
    family = needs.get(written.split("(")[0], "OneHotCategorical(logits=w)")
    if "proposal=Normal" in written:
        family = "Normal(sum(w), 1)"
    text = "story Row\n"
    text += "input x[4]\n" if "(x)" in written else ""
    text += "module critic: [4] -> []\n" if "critic" in written else ""
    text += "param w[4] = zeros()\n"
    text += f"sample z ~ {family} with {written}\n".replace(
        "with using", "with ScoreFunction() using"
    )
    text += "cost c = sum(z * w)\n"
    assert storchc.check(text=text) == []


@installed
def test_their_programs_run() -> None:
    lines = [f"exec({theirs!r}, {{}})" for *_, theirs in SECTIONS.values()]
    run("\n".join(lines))


@installed
def test_their_methods_are_made() -> None:
    made = [text for there, _ in methods() for text in there if '"' in text]
    names = ("storch.method", "storch.sampling", "storch.sampling.importance_sampling")
    lines = [f"from {name} import *" for name in names]
    lines += [
        "from torch import nn",
        "from torch.distributions import *",
        "critic = nn.Linear(10, 1)",
    ]
    assert len(made) > 20
    run("\n".join([*lines, *made]))


@installed
def test_both_vaes_have_the_same_exact_gradient(tmp_path: Path) -> None:
    name, story, _, theirs = SECTIONS["A VAE with discrete latents"]
    sampled = 'ScoreFunction("z", n_samples=8, baseline_factory="batch_average")'
    assert sampled in theirs
    exact = theirs.replace(sampled, 'storch.method.Expect("z")')
    file = str(tmp_path / "theirs.pt")
    parts = "[images, cost.detach(), encoder.state_dict(), decoder.state_dict()]"
    grads = "[p.grad for p in (*encoder.parameters(), *decoder.parameters())]"
    keep = f"torch.save([*{parts}, {grads}], {file!r})"
    run(exact + keep)
    images, cost, encoding, decoding, gradients = torch.load(file)

    encoder = nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 20))
    decoder = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 784))
    encoder.load_state_dict(encoding)
    decoder.load_state_dict(decoding)
    (tmp_path / name).write_text(story, encoding="utf-8")
    vae = storchc.load(tmp_path / name, methods={"z": "Expect()"})
    estimate = vae(encoder=encoder, decoder=decoder)(images)
    torch.testing.assert_close(estimate.backward(), cost, rtol=1e-5, atol=0)
    parameters = (*encoder.parameters(), *decoder.parameters())
    for parameter, gradient in zip(parameters, gradients, strict=True):
        torch.testing.assert_close(parameter.grad, gradient, rtol=1e-4, atol=1e-5)


def run(program: str) -> None:
    """Run a program of theirs in a process of its own: `import storch` changes torch."""
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True)
