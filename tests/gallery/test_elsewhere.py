"""The table of what things are called elsewhere: whole, and true where the packages are there."""

from __future__ import annotations

import importlib.util
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "elsewhere.md").read_text(encoding="utf-8")
CODE = re.compile(r"`([^`]+)`")
NAME = re.compile(
    r"\b(?:storch|pyro)\.(\w+)|\b(poutine\.\w+)|(?<![.\w])([A-Z][A-Za-z]+(?:_ELBO)?)\b"
)
ROWS = [
    [cell.strip() for cell in line.split("|")[1:-1]]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith("| |")
]
PACKAGES = {
    "storch": (
        2,
        [
            "storch.method",
            "storch.sampling",
            "storch.sampling.importance_sampling",
            "torch.distributions",
        ],
    ),
    "pyro": (3, ["pyro.infer", "pyro.distributions", "pyro.distributions.torch_distribution"]),
}


def test_every_row_is_whole() -> None:
    assert len(ROWS) > 35
    assert [row for row in ROWS if len(row) != 6 or not all(row)] == []


OPTION = re.compile(r"(?<![.\w])(?:trainer\.)?([A-Za-z_]+)(?==|\(|$)")


@pytest.mark.filterwarnings("ignore")
def test_names_of_trl_are_its_trainers_and_their_options() -> None:
    trl = pytest.importorskip("trl", reason="needs the package trl")
    trainers = (trl.RLOOTrainer, trl.GRPOTrainer)
    options = [getattr(trl, f"{name}Config").__dataclass_fields__ for name in ("RLOO", "GRPO")]
    options += [inspect.signature(trainer.__init__).parameters for trainer in trainers]
    known = {*dir(trl), *dir(trl.RLOOTrainer), *(name for group in options for name in group)}
    codes = [code for row in ROWS for code in CODE.findall(row[5])]
    names = {name for code in codes for name in OPTION.findall(code)}
    assert len(names) > 10
    assert names - known == {"True"}


@pytest.mark.parametrize("package", PACKAGES)
def test_names_of_packages_exist(package: str) -> None:
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"needs {package}")
    column, modules = PACKAGES[package]
    words = " ".join(code for row in ROWS for code in CODE.findall(row[column]))
    names = {next(filter(None, groups)) for groups in NAME.findall(words)} - {"True", "False"}
    assert len(names) > 10
    program = f"""
import importlib, operator
homes = [importlib.import_module(home) for home in {[package, *modules]}]
def known(name):
    for home in homes:
        try:
            operator.attrgetter(name)(home)
            return True
        except AttributeError:
            pass
    return False
missing = [name for name in {sorted(names)} if not known(name)]
assert not missing, missing
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True)
