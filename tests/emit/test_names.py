"""Whatever things are called in a story: its module imports, runs, and keeps their names."""

from __future__ import annotations

import builtins
import keyword
import re
from pathlib import Path
from random import Random

import pytest
import torch
from torch import Tensor, nn

import storchc
from storch_runtime import distributions, generated
from storch_runtime import methods as methods_of_runtime
from storchc.catalogue import distributions as families
from storchc.catalogue import functions, methods
from storchc.python.names import LOCALS
from storchc.typing.names import SPECIAL

STORY = """\
story Whole
dim D
dim W = 2
plate data
plate group sum
input x[data, D]
input y[data, group]
input beta
param w[W] = normal(0, 1)
module enc: [D] -> [W]
module two nondiff: [2] -> [2], []
function score: [2] -> []
compute q = Normal(enc(x), softplus(w) + 0.1)
sample z ~ q with ScoreFunction(n=3)
sample c ~ Categorical(logits=w) with ScoreFunction(n=2, baseline=score(w))
sample r ~ Normal(w[c], 1) with Reparameterization(n=2)
sample o ~ Bernoulli(probs=sigmoid(w)) with Expect()
compute first, second = two(z)
cost kl = kl_divergence(q, Normal(0, 1)) * beta
cost rest = score(z) + logmeanexp(sum(z), over=z) + sum(o) * y + where(first[0] > 0, second, 0) + r
observe seen = z ~ Normal(0, 1)
report shown = sum(z, dim=0) + D * W
"""
NAMES = re.findall(r"(?m)^(?!dim|plate)\w+ (\w+)", STORY)
NAMES += ["D", "W", "data", "group", "first", "second"]
OURS = {
    *dir(generated),
    *dir(methods_of_runtime),
    *dir(distributions),
    "torch",
    "F",
    "nn",
    "math",
    "Tensor",
}
INNER = re.findall(
    r"\w+",
    """Mapping Callable super methods sizes like replayed loss loss_ loss__ z_draw z_law z_control
    after_z z_downstream c_own_loss enc_out layout x_ q_ two_0 two_1 default_score data_ frozenset
    keys items values pop state_dict forward parameters training buffers T_destination order watch
    method_modules annotations""",
)
BAD = sorted(OURS | {*INNER, *LOCALS, *dir(nn.Module), *dir(builtins)})
REFUSED = {"S112", "S202", "S203", "S204", "S205", "S211"}


class Constant(nn.Module):
    """Any module or function of the story."""

    def __init__(self, *shapes: tuple[int, ...], folds: bool = True) -> None:
        super().__init__()
        self.shapes, self.folds = shapes, folds
        self.weight = nn.Parameter(torch.tensor(0.5))

    def forward(self, value: Tensor) -> Tensor | tuple[Tensor, ...]:
        rows = value.shape[:1] if self.folds else value.shape[:-1]
        found = tuple(value.mean() * self.weight + torch.zeros(rows + s) for s in self.shapes)
        return found if len(found) > 1 else found[0]


def run(text: str, new: dict[str, str]) -> None:
    """Everything that is public goes by the story's names."""

    def named(**values: object) -> dict[str, object]:
        return {new.get(key, key): value for key, value in values.items()}

    model = storchc.load(text=text)(
        **named(
            enc=Constant((2,)),
            two=Constant((2,), ()),
            score=Constant((), folds=False),
        )
    )
    x = torch.rand(4, 3, requires_grad=True)
    estimate = model(**named(x=x, y=torch.rand(4, 2), beta=0.5))
    assert type(model).__name__ == new.get("Whole", "Whole")
    assert set(estimate.samples) == set(named(z=0, c=0, r=0, o=0))
    assert set(estimate.costs) == set(named(kl=0, rest=0, seen=0))
    assert set(estimate.reports) == set(named(shown=0))
    assert set(estimate.plates[new.get("kl", "kl")]) == set(named(data=0))
    for sample in estimate.samples:
        assert model.methods[sample].n >= 1
        assert estimate.weights[sample].shape == estimate.log_probs[sample].shape
    estimate.backward()
    assert x.grad is not None
    model.load_state_dict(model.state_dict())
    assert len(list(model.parameters())) == 4


def check_renamed(new: dict[str, str]) -> None:
    run(re.sub(r"\w+", lambda found: new.get(found[0], found[0]), STORY), new)


@pytest.mark.parametrize("part", range(len(NAMES)), ids=NAMES)
def test_every_name_may_be_awkward(part: int) -> None:
    old = NAMES[part]
    for bad in BAD[part::70]:
        if bad not in NAMES:
            renamed = re.sub(rf"\b{old}\b", bad, STORY)
            wrong = {d.code for d in storchc.check(text=renamed) if d.severity == "error"}
            if not wrong:
                run(renamed, {old: bad})
            else:
                assert wrong & REFUSED, (old, bad, wrong)


@pytest.mark.parametrize("seed", range(20))
def test_all_names_may_be_awkward_at_once(seed: int) -> None:
    known = {*LOCALS, *functions.names(), *families.names(), *methods.names(), *keyword.kwlist}
    known |= set(SPECIAL)
    fitting = [b for b in BAD if b.isidentifier() and b[0] != "_" and b not in known]
    drawn = Random(seed).sample(fitting, len(NAMES))
    check_renamed(dict(zip(NAMES, drawn, strict=True)))


@pytest.mark.parametrize(
    "chosen",
    [
        {"x": "F", "y": "F_", "beta": "torch", "z": "nn", "enc": "math", "Whole": "Tensor"},
        {"x": "layout", "enc": "layout_", "kl": "loss", "rest": "loss_", "seen": "loss__"},
        {"enc": "two_0", "x": "two_1", "z": "two_", "c": "enc_out", "score": "default_score"},
        {"Whole": "x_", "q": "Normal", "z": "kl_divergence", "kl": "agreement", "r": "magic_box"},
        {"Whole": "super", "enc": "dict", "two": "forward", "w": "parameters", "score": "train"},
        {"D": "sizes", "data": "like", "group": "methods", "z": "replayed", "c": "given"},
        {"Whole": "StoryModule", "x": "Estimate", "y": "Input", "enc": "Methods", "two": "Result"},
    ],
    ids=lambda chosen: "-".join(chosen.values()),
)
def test_awkward_names_together(chosen: dict[str, str]) -> None:
    check_renamed(chosen)


def test_two_names_that_become_one_with_an_underscore() -> None:
    text = "story S\nparam loss = 1.0\nsample loss_ ~ Normal(loss, 1)\ncost loss__ = loss_ ** 2\n"
    estimate = storchc.load(text=text)()()
    estimate.backward()
    assert (list(estimate.samples), list(estimate.costs)) == (["loss_"], ["loss__"])


def test_a_method_of_the_users_keeps_out_of_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["Estimate", "torch", "Layout", "super", "F", "Methods"]
    body = "from storch_runtime import Method\n" + "".join(
        f"class {w}(Method): pass\n" for w in words
    )
    (tmp_path / "users_methods.py").write_text(body)
    monkeypatch.syspath_prepend(tmp_path)
    for word in words:
        text = f"story {word}x\nuse users_methods: {word}\nparam m = 1.0\n"
        text += f"sample z ~ Normal(m, 1) with {word}()\ncost c = z\n"
        model = storchc.load(text=text)()
        assert type(model.methods["z"]).__module__ == "users_methods"
        model().backward()


LOOPS = """\
story Loops
plate data
input x[data]
for t in range(2) from h = x:
    sample z ~ Bernoulli(logits=h) with ScoreFunction(n=2, baseline=moving_average)
    for s in range(2) from g = z:
        compute g = g + h
    compute h = h + g * t
    cost c = h * z
    report r = sum(sequence(g))
for t in range(2) from e = h:
    sample y ~ Bernoulli(logits=e) with ScoreFunction(n=2)
    compute e = e + y
    cost d = e
    stop when y == 1
"""


@pytest.mark.parametrize("old", [*"xthzsgcrdye", "data"])
@pytest.mark.parametrize("bad", ["range", "alive_t", "t_count", "z_draws", "h_steps", "c_box"])
def test_names_of_loops_may_be_awkward(old: str, bad: str) -> None:
    model = storchc.load(text=re.sub(rf"\b{old}\b", bad, LOOPS))()
    estimate = model(torch.rand(3, requires_grad=True))
    estimate.backward()
    named = [bad if old == name else name for name in "zycdr"]
    assert [*estimate.samples, *estimate.costs, *estimate.reports] == named
