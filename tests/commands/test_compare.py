"""``storchc compare`` and `storchc.compare`: what is compared, what is said, what is written."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import storchc
from storch_runtime.comparison.contender import Contender
from storchc.comparing import candidates, models
from tests.commands.conftest import Run

ROOT = Path(__file__).parents[2]
COIN = """story Coin
param w = 0.3
sample z ~ Bernoulli(logits=w) with ScoreFunction(n=2)
cost paid = (z - 0.4) ** 2
"""
NET = """story Net
plate data
input x[data, 3]
module net: [3] -> [2]
sample z ~ OneHotCategorical(logits=net(x)) with Expect()
cost miss = sum(z * x[:2])
"""
MAKE = "from torch import nn\ndef make():\n    return {'net': nn.Linear(3, 2)}\n"
FIGURE = re.compile(r"\d[\d.e+-]*")


@pytest.fixture(autouse=True)
def files(tmp_path: Path) -> None:
    (tmp_path / "coin.story").write_text(COIN)
    (tmp_path / "net.story").write_text(NET)
    (tmp_path / "net.py").write_text(MAKE)
    np.savez(tmp_path / "x.npz", x=np.eye(3))


def names(table: str) -> list[str]:
    """The methods of the first table."""
    lines = table.split("\n\n")[1].splitlines()[1:]
    return [line.split("  ")[0] for line in lines]


def without_times(table: str) -> list[list[str]]:
    """The cells of the first table, without milliseconds and memory, and what is made of them."""
    lines = table.split("\n\n")[1].splitlines()
    cells = [re.split(r" {2,}", line.removesuffix("  <- best")) for line in lines]
    return [[*line[:-4], line[-3]] for line in cells]


def test_the_table(run: Run) -> None:
    methods = ("Expect()", "GumbelSoftmax(temperature=2)", "ScoreFunction()")
    options = [part for method in methods for part in ("--method", f"z={method}")]
    outcome = run("compare", "coin.story", "--repeats", "100", *options)
    assert outcome.status == 0, outcome.err
    assert without_times(outcome.out) == [
        ["method", "bias", "variance", "evaluations"],
        ["Expect()", "0", "0", "2"],
        ["GumbelSoftmax(temperature=2)", "BIASED 42 %", "0.000939 ± 8.2 %", "1"],
        ["ScoreFunction()", "< 73 %", "0.0146 ± 3.4 %", "1"],
    ]
    best = [line for line in outcome.out.splitlines() if line.endswith("<- best")]
    assert len(best) == 1 and best[0].startswith("Expect()")
    assert "that of Expect(), taken exactly." in outcome.out
    assert "GumbelSoftmax(temperature=2) is biased: w is off by" in outcome.out


def test_a_handful_that_is_legal(run: Run) -> None:
    outcome = run("compare", "coin.story", "--repeats", "4")
    assert names(outcome.out) == [
        "ScoreFunction(n=2)",
        "Expect()",
        "ScoreFunction(baseline=moving_average)",
        "ScoreFunction(n=4, baseline=batch_average)",
        "DisARM(n=2)",
        "UnorderedSetEstimator(k=4)",
        "LocalExpectation()",
        "GumbelSoftmax(temperature=0.5)",
    ]


def test_alternatives_and_pairs(run: Run, tmp_path: Path) -> None:
    two = "sample y ~ Bernoulli(logits=w + z)\ncost c = y * z\n"
    (tmp_path / "two.story").write_text(COIN + two)
    given = ["z=Expect()", "y=Expect()", "z=ScoreFunction()"]
    options = [part for method in given for part in ("--method", method)]
    pair = ("--pair", "z=Infer(n=2); y=GumbelSoftmax()")
    outcome = run("compare", "two.story", "--repeats", "2", *options, *pair)
    assert names(outcome.out) == [
        "z=Expect(), y=Expect()",
        "z=ScoreFunction(), y=Expect()",
        "z=Infer(n=2), y=GumbelSoftmax()",
    ]


def test_a_method_that_is_not_legal_is_an_error_of_the_story(run: Run) -> None:
    outcome = run("compare", "coin.story", "--method", "z=Reparameterization()")
    assert outcome.status == 1
    assert "error[S4" in outcome.err and "<method of z>" in outcome.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("net.story",), "the story takes `x`: give arrays of these names by `--inputs FILE.npz`"),
        (("net.story", "--inputs", "x.npz"), "no default for `net`: write a function"),
        (("coin.story", "--build", "net.py:mak"), "`net.py` has no function `mak`"),
        (("coin.story", "--all", "--method", "z=Expect()"), "--all takes every method"),
        (("coin.story", "--method", "Expect()"), "write it like --method z='Expect()'"),
        (("coin.story", "--pair", "z"), "write it like --pair 'z=Expect(); y=Infer()'"),
        (("coin.story", "--plot", "a.gif"), "a picture is a .png or .svg file"),
        (("coin.story", "--json", "no/a.json"), "cannot write `no/a.json`: there is no folder"),
        (("coin.story", "--state", "no.pt"), "cannot read `no.pt` as a state_dict"),
        (("coin.story", "--state", "x.npz"), "cannot read `x.npz` as a state_dict"),
        (("none.story",), "the story draws no sample"),
    ],
)
def test_wrong_usage(run: Run, tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    (tmp_path / "none.story").write_text("story None_\nparam w = 1.0\ncost c = w ** 2\n")
    outcome = run("compare", *arguments)
    assert outcome.status == 2
    assert words in " ".join(outcome.err.split())


@pytest.mark.parametrize("option", ["--plot", "--html"])
def test_without_matplotlib(
    run: Run, monkeypatch: pytest.MonkeyPatch, option: str, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    outcome = run("compare", "coin.story", option, "out.svg")
    assert outcome.status == 2
    assert "pip install 'storchc[compare]'" in outcome.err
    assert not (tmp_path / "out.svg").exists()


def test_what_is_written(run: Run, tmp_path: Path) -> None:
    written = ("--json", "a.json", "--csv", "a.csv", "--html", "a.html", "--plot", "a.png")
    model = storchc.load(text=COIN)()
    for number, value in enumerate((0.3, 2.0)):
        model.w.data.fill_(value)
        torch.save(model.state_dict(), tmp_path / f"{number}.pt")
    states = ("--state", "0.pt", "--state", "1.pt")
    methods = ("--method", "z=Expect()", "--method", "z=Infer()")
    outcome = run("compare", "coin.story", "--repeats", "20", *methods, *states, *written)
    assert outcome.status == 0, outcome.err
    assert outcome.out.count("Coin with ") == 2
    found = json.loads((tmp_path / "a.json").read_text())
    assert list(found["states"]) == ["0.pt", "1.pt"]
    lengths = [state["length"] for state in found["states"].values()]
    slopes = [0.2 / (2 + np.exp(w) + np.exp(-w)) for w in (0.3, 2.0)]
    assert lengths == pytest.approx(slopes, rel=1e-5)
    rows = list(csv.DictReader((tmp_path / "a.csv").read_text().splitlines()))
    assert len(rows) == sum(len(state["rows"]) for state in found["states"].values())
    assert {row["method"] for row in rows if row["best"] == "True"} == {"Expect()"}
    page = (tmp_path / "a.html").read_text()
    assert "<svg" in page and "that of Expect(), taken exactly" in page
    assert not re.search(r'(src|href)="(?!#)', re.sub("(?s)<metadata>.*?</metadata>", "", page))
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_a_checkpoint_of_another_model(run: Run, tmp_path: Path) -> None:
    torch.save({"v": torch.zeros(())}, tmp_path / "v.pt")
    outcome = run("compare", "coin.story", "--state", "v.pt")
    assert outcome.status == 2
    assert "`v.pt` is no state_dict of this story's model: it lacks `w`" in outcome.err


def test_a_model_that_is_built(run: Run) -> None:
    outcome = run("compare", "net.story", "--inputs", "x.npz", "--build", "net.py:make",
                  "--repeats", "20", "--seed", "3")  # fmt: skip
    assert outcome.status == 0
    again = run("compare", "net.story", "--inputs", "x.npz", "--build", "net.py:make",
                "--repeats", "20", "--seed", "3")  # fmt: skip
    assert without_times(again.out) == without_times(outcome.out)


def test_from_python() -> None:
    found = storchc.compare(text=COIN, methods=["Expect()", {"z": "ScoreFunction()"}], repeats=20)
    assert [row.name for row in found.rows] == ["Expect()", "ScoreFunction()"]
    assert found.exact and found.best == "Expect()"
    everything = storchc.compare(text=COIN, methods="all", repeats=2)
    assert {"DisARM()", "REBAR()", "ScoreFunctionWOR(k=4)"} <= {r.name for r in everything.rows}
    with pytest.raises(storchc.StoryError):
        storchc.compare(text=COIN, methods=["Expectt()"])
    with pytest.raises(TypeError, match="methods= lists what to compare"):
        storchc.compare(text=COIN, methods={"z": "Expect()"})  # type: ignore[arg-type]


def test_no_rare_draw_excuses_a_bias_that_the_catalogue_admits() -> None:
    story = COIN.replace("z ~ Bernoulli(logits=w)", "z ~ OneHotCategorical(logits=w * LEAN)")
    story = story.replace("LEAN", "tensor([1.0, -1.0, 0.5])").replace("(z - 0.4)", "(z[0] - 0.4)")
    methods = [{"z": "UnorderedSetGumbelSoftmax(k=2)"}, {"z": "ScoreFunctionWOR(k=2)"}]
    relaxed, right = storchc.compare(text=story, methods=methods, repeats=400).rows
    assert relaxed.biased and not right.biased


def test_an_objective_that_depends_on_the_number_of_draws() -> None:
    """Each number of draws has a bound of its own, and is held to the gradient of that."""
    story = COIN.replace("(z - 0.4) ** 2", "-logmeanexp((z - 0.4) ** 2, over=z)")
    methods = ["ScoreFunction(n=2)", "ScoreFunction(n=5)", "Expect()"]
    found = storchc.compare(text=story, methods=methods, repeats=40)
    assert not any(row.biased for row in found.rows)
    assert "A cost mixes the draws of z" in str(found)


def test_outcomes_that_are_summed_apart_are_counted_apart() -> None:
    story = "story S\nparam w[3] = 0.3\nsample z ~ Bernoulli(logits=w)\ncost c = sum(z ** 2)\n"
    found = storchc.compare(text=story, methods=["Expect()"], repeats=2)
    assert found.rows[0].evaluations == 6


def interrupt_at(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, call: int) -> None:
    """Press Ctrl-C when ``name`` of ``owner`` is called for so many a time."""
    original, calls = getattr(owner, name), count(1)

    def pressing(*arguments: Any, **options: Any) -> Any:
        if next(calls) == call:
            signal.raise_signal(signal.SIGINT)
        return original(*arguments, **options)

    monkeypatch.setattr(owner, name, pressing)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """As for a person at a terminal: what runs in the background ignores interrupts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(
    ("owner", "name", "call"),
    [(candidates, "check_story", 3), (models, "load_class", 2), (os, "replace", 1)],
)
def test_an_interrupt_while_nothing_is_measured(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, call: int
) -> None:
    before = set(tmp_path.iterdir())
    interrupt_at(monkeypatch, owner, name, call)
    outcome = run("compare", "coin.story", "--repeats", "2", "--csv", "a.csv", "--json", "a.json")
    assert outcome.status == 130
    written = set(tmp_path.iterdir()) - before
    assert all(path.suffix in (".csv", ".json") for path in written)
    for path in written & {tmp_path / "a.json"}:
        json.loads(path.read_text())


@pytest.mark.parametrize("step", [1, 70])
def test_an_interrupt_prints_and_writes_what_is_known(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    interrupt_at(monkeypatch, Contender, "_gradient", step)
    outcome = run("compare", "coin.story", "--json", "a.json")
    assert outcome.status == 130
    assert names(outcome.out)[1] == "Expect()"
    (found,) = json.loads((tmp_path / "a.json").read_text())["states"].values()
    assert all(row["repeats"] in (0, 20) for row in found["rows"])
    assert (found["rows"][0]["repeats"] == 0) == (step == 1)
    assert not found["complete"]


@pytest.mark.certify_all
@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
@pytest.mark.parametrize("after", [0.2, 0.6, 1.5, 3.0, 5.0, 8.0])
def test_an_interrupt_leaves_no_half_file(tmp_path: Path, after: float) -> None:
    before = set(tmp_path.iterdir())
    command = [sys.executable, "-m", "storchc", "compare", "coin.story", "--json", "a.json"]
    process = subprocess.Popen(
        [*command, "--repeats", "1000000"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'runtime'}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    left = set(tmp_path.iterdir()) - before
    assert left <= {tmp_path / "a.json"}
    if left:
        assert process.returncode == 130
        assert json.loads((tmp_path / "a.json").read_text())["states"]
        assert "Expect()" in out
