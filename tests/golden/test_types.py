"""Type checkers accept generated modules, and find the mistakes of a script that uses them.

mypy runs here with ``--strict``, and so does pyright where it is installed: install the package
``pyright`` into any environment, put its ``bin`` on the PATH, and run these tests again.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import storchc
from tests.golden.modules import ROOT, USERS_OWN, written_to

PATHS = [ROOT, ROOT / "runtime", USERS_OWN]

BUILTINS = {"int": "str", "dict": "list", "float": "int", "bool": "dict", "str": "bool"}
CALLED = """
story {name}
dim T
plate data
input x[data, T]
input beta
input {other}[data]
param m = 0.0
for t in range(T) from h = m:
    sample z ~ Normal(h, 1)
    compute h = z * beta + {other}
    cost c = (z - x[t]) ** 2
    stop when x[t] > 3
cost last = sum(sequence(z))
"""
SCRIPT = """
from __future__ import annotations

import torch
from torch import Tensor, nn

import storchc
from golden_discrete_vae import DiscreteVAE
from golden_mixed_plates import MixedPlates
from storch_runtime import Estimate, StoryModule

model = DiscreteVAE(nn.Linear(784, 20), nn.Linear(20, 784))
x = torch.rand(5, 784)
estimate = model(x, given={"z": torch.zeros(1, 5, 2, 10)})
cost: Tensor = estimate.backward()
weighed: Tensor = estimate.weights["z"] * estimate.costs["reconstruction"]
count: int = model.methods["z"].n
optimizer = torch.optim.Adam(model.model_parameters())
mixed = MixedPlates()


class Autoencoder(nn.Module):
    def encode(self, x: Tensor) -> Tensor:
        return x[:, :20]

    def decode(self, z: Tensor) -> Tensor:
        return z.new_zeros(len(z), 784)


vae = Autoencoder()
methods: nn.Module = DiscreteVAE(vae.encode, decoder=vae.decode).encoder
total: Tensor = mixed(x[:, 0], 0.5).loss + mixed(x[:, 0], beta=torch.ones(())).method_loss
Story = storchc.load("a.story", methods={"z": "Expect()"})
story = Story(nn.Linear(784, 20), decoder=nn.Linear(20, 784))
value: float = story(x, x, given=None).backward().item()
shape: torch.Size = story.w.shape


def trained(one: StoryModule) -> Estimate:
    return one(x)


trained(model), trained(story)

estimate.bakward()  # wrong
model()  # wrong
model(x, 3, "foo")  # wrong
model([1.0, 2.0])  # wrong
model(x, gven=None)  # wrong
model(x, given={"z": 3})  # wrong
model(x) + 1  # wrong
mixed(x, "half")  # wrong
DiscreteVAE(nn.Linear(784, 20))  # wrong
DiscreteVAE(784, 20)  # wrong
estimate.costs["kl"] = x  # wrong
storchc.load(3)  # wrong
story(x).bakward()  # wrong
number: int = story(x)  # wrong
trained(nn.Linear(2, 2))  # wrong
"""
WRONG = {number for number, line in enumerate(SCRIPT.splitlines(), 1) if line.endswith("# wrong")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All modules, and the script beside them."""
    folder = tmp_path_factory.mktemp("typed")
    written_to(folder)
    for name, other in BUILTINS.items():
        code = storchc.compile(text=CALLED.format(name=name, other=other))
        (folder / f"called_{name}.py").write_text(code, encoding="utf-8")
    (folder / "script.py").write_text(SCRIPT, encoding="utf-8")
    return folder


def test_mypy(folder: Path, request: pytest.FixtureRequest) -> None:
    cache = request.config.cache
    kept = folder / ".mypy_cache" if cache is None else cache.mkdir("mypy")
    own = ["--config-file=", f"--cache-dir={kept}", "--no-error-summary", "--hide-error-context"]
    version = f"--python-version={sys.version_info.major}.{sys.version_info.minor}"
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", *own, version, "."],
        cwd=folder,
        env=os.environ | {"MYPYPATH": os.pathsep.join(map(str, PATHS))},
        capture_output=True,
        text=True,
        check=False,
    )
    _only_what_is_wrong(re.findall(r"^(.+?):(\d+): error: (.+)$", done.stdout, re.MULTILINE), done)


def test_pyright(folder: Path) -> None:
    pyright = shutil.which("pyright")
    if pyright is None:
        pytest.skip("pyright is not installed")
    settings = {"typeCheckingMode": "strict", "extraPaths": [str(path) for path in PATHS]}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    done = subprocess.run(
        [pyright, "--pythonpath", sys.executable, "--outputjson"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    reports = json.loads(done.stdout)["generalDiagnostics"]
    found = [
        (Path(r["file"]).name, str(r["range"]["start"]["line"] + 1), r["message"])
        for r in reports
        if r.get("rule") != "reportUnusedExpression"
    ]
    _only_what_is_wrong(found, done)


def _only_what_is_wrong(
    found: list[tuple[str, str, str]], done: subprocess.CompletedProcess[str]
) -> None:
    """No report on a module; in the script one on each wrong line, and on no other."""
    assert [report for report in found if report[0] != "script.py"] == [], done.stderr
    assert {int(line) for _, line, _ in found} == WRONG, (found, done.stderr)
