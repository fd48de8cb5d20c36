"""Inputs and results that do not fit say so in the story's words."""

from __future__ import annotations

import linecache
import sys
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor

import storchc
from storch_runtime import StoryModule, StoryShapeError, StoryTypeError
from storch_runtime.generated import Input, Result, Results, agreement

LIKE = torch.zeros((), dtype=torch.float64)
X = Input("x", ("data",), (784,), "float", "vae.story:7")


def rejected(item: Input, value: object, sizes: dict[str, int] | None = None) -> str:
    """What is said about a wrong value."""
    with pytest.raises((StoryShapeError, StoryTypeError)) as caught:
        item.check(value, {} if sizes is None else sizes, LIKE)  # type: ignore[arg-type]
    return str(caught.value)


def test_an_input_that_fits_passes_and_binds_sizes() -> None:
    sizes: dict[str, int] = {}
    x = torch.zeros(5, 784)
    assert X.check(x, sizes, LIKE) is x
    free = Input("y", ("data",), ("D", 2), "int")
    assert free.check(torch.zeros(5, 7, 2, dtype=torch.int32), sizes, LIKE).dtype == torch.int64
    assert sizes == {"data": 5, "D": 7}


def test_wrong_shapes_are_named() -> None:
    assert rejected(X, torch.zeros(5, 28, 28)) == (
        "vae.story:7: input `x` has shape [5, 28, 28]; the story declares `x[data, 784]`"
        ": flatten it, `x.flatten(1)`"
    )
    assert "has shape [5, 783]" in rejected(X, torch.zeros(5, 783))
    assert "plate `data` is 5 here and 4 elsewhere" in rejected(X, torch.zeros(5, 784), {"data": 4})
    assert "plate `data` is empty" in rejected(X, torch.zeros(0, 784))
    free = Input("y", (), ("D",))
    assert "dim `D` is 3 here and 2 elsewhere" in rejected(free, torch.zeros(3), {"D": 2})
    assert "dim `D` is empty" in rejected(free, torch.zeros(0))


def test_wrong_types_are_named() -> None:
    assert "dtype torch.int64, expected a floating dtype" in rejected(X, torch.zeros(5, 784).long())
    assert "dtype torch.complex64" in rejected(X, torch.zeros(5, 784, dtype=torch.complex64))
    assert "expected torch.bool" in rejected(Input("m", kind="bool"), torch.tensor(1))
    assert "is a `list`, expected a tensor" in rejected(X, [1.0])
    assert "is a `float`, expected a tensor" in rejected(X, 1.0)
    assert "`beta (a scalar)`" in rejected(Input("beta"), torch.zeros(1))
    assert "is a `str`" in rejected(Input("beta"), "1")
    assert "is a `float`" in rejected(Input("t", kind="int"), 0.5)


def test_numbers_become_tensors() -> None:
    beta = Input("beta").check(2, {}, LIKE)
    assert (beta.item(), beta.dtype, beta.shape) == (2.0, torch.float64, ())
    assert Input("t", kind="int").check(3, {}, LIKE).dtype == torch.int64
    assert Input("b", kind="bool").check(True, {}, LIKE).item() is True


def test_floats_agree_in_dtype_and_device() -> None:
    x = torch.zeros(2)
    assert agreement({"n": 3, "k": torch.zeros(2).long(), "x": x, "y": torch.ones(1)}) is x
    assert agreement({}).dtype == torch.get_default_dtype()
    with pytest.raises(
        StoryTypeError, match=r"`y` is torch.float64 on cpu, but `x` is torch.float32"
    ):
        agreement({"x": x, "y": x.double()})


def test_results_of_modules_are_checked_and_unfolded() -> None:
    result = Result("encoder", (3, 2), "float", "vae.story:8")
    value = torch.zeros(5, 3, 2)
    assert result.unfold(value, (5,)) is value
    assert result.unfold(torch.zeros(10, 3, 2), (2, 5)).shape == (2, 5, 3, 2)
    assert result.unfold(torch.zeros(1, 3, 2), ()).shape == (3, 2)
    assert Result("f", ("D",)).unfold(torch.zeros(5, 4), (5,), (4,)).shape == (5, 4)
    with pytest.raises(StoryShapeError, match=r"vae.story:8: `encoder` returned shape \[5, 6\]"):
        result.unfold(torch.zeros(5, 6), (5,))
    with pytest.raises(StoryTypeError, match=r"returned dtype torch\.int64"):
        result.unfold(value.long(), (5,))
    with pytest.raises(StoryTypeError, match="returned a `tuple`, not a tensor"):
        result.unfold((value,), (5,))  # type: ignore[arg-type]


def test_declarations_are_quoted_with_their_types() -> None:
    integers = Input("x", ("data",), ("T",), "int", "a.story:3")
    told = rejected(integers, torch.zeros(2, 3))
    assert told.endswith("the story declares `x[data, T]: int`: convert it, `x.long()`")
    assert "`t: bool (a scalar)`" in rejected(Input("t", kind="bool"), torch.zeros(()))
    with pytest.raises(StoryTypeError, match=r"expected torch.bool; .* `-> \[\]: bool`"):
        Result("done", (), "bool").unfold(torch.zeros(1), ())


def test_several_results_are_counted_and_told_apart() -> None:
    env = Results("env", "[4], [], []: bool", 3, "a.story:8")
    seen, paid, done = torch.zeros(5, 4), torch.zeros(5), torch.zeros(5).bool()
    assert env.counted((seen, paid, done)) == (seen, paid, done)
    assert env.result(2, (), "bool").unfold(done, (5,)) is done
    declares = "; the story declares `-> [4], [], []: bool`"
    for returned, found in (
        ((seen, paid), "2 results"),
        ([seen], "1 result"),
        (torch.zeros(3, 4), "a `Tensor`"),
    ):
        with pytest.raises(StoryTypeError) as counted:
            env.counted(returned)
        assert str(counted.value) == (
            f"a.story:8: `env` returned {found}, expected 3 results{declares}"
        )
    with pytest.raises(StoryTypeError) as third:
        env.result(2, (), "bool").unfold(paid, (5,))
    assert str(third.value) == (
        "a.story:8: `env` returned as its third result dtype torch.float32, "
        f"expected torch.bool{declares}"
    )


def test_results_that_broadcast_are_spread() -> None:
    result = Result("reward", (2,), "float", "vae.story:8")
    assert result.spread(torch.zeros(1, 2), (5, 3)).shape == (5, 3, 2)
    with pytest.raises(StoryShapeError, match="does not broadcast"):
        result.spread(torch.zeros(4, 3, 2), (5, 3))


# --- story lines ---------------------------------------------------------------------------------

SOURCE = """
from storch_runtime import StoryModule

class Model(StoryModule):
    def forward(self, x, w):
        check(x)

        # vae.story:7  compute y = x @ w
        y = (
            x
            @ w
        )

        # vae.story:8  compute z = y + 1
        z = y + 1

        # the loss
        return named(z)


def check(x):
    if x.dim() == 0:
        raise ValueError("before everything")


def named(z):
    raise ValueError("vae.story:3: it is said already" if z.dim() == 1 else "in the loss")
"""


@pytest.fixture
def model() -> StoryModule:
    """A generated module without a file, as the loader makes it."""
    module = ModuleType("written_story")
    module.__file__ = "<written story>"
    lines = SOURCE.splitlines(keepends=True)
    linecache.cache[module.__file__] = (len(SOURCE), None, lines, module.__file__)
    sys.modules[module.__name__] = module
    exec(compile(SOURCE, module.__file__, "exec"), module.__dict__)
    made: StoryModule = module.Model()
    return made


def notes(model: StoryModule, x: Tensor, w: Tensor) -> list[str]:
    """The notes on the exception that the model raises."""
    with pytest.raises((RuntimeError, ValueError)) as caught:
        model(x, w)
    return getattr(caught.value, "__notes__", [])


def test_an_exception_is_noted_with_its_story_line(model: StoryModule) -> None:
    assert notes(model, torch.zeros(2, 3), torch.zeros(2, 3)) == ["in the story at vae.story:7"]


def test_only_where_the_line_is_known_and_not_said(model: StoryModule) -> None:
    assert notes(model, torch.zeros(()), torch.zeros(3)) == []
    assert notes(model, torch.zeros(2, 3), torch.zeros(3)) == []
    assert notes(model, torch.zeros(2, 3), torch.zeros(3, 1)) == []


def test_constants_lie_where_the_inputs_lie() -> None:
    """A story without floats takes the device of its other inputs, and torch's default dtype."""
    elsewhere = torch.zeros(3, dtype=torch.int64, device="meta")
    like = agreement({"number": elsewhere, "count": 3})
    assert like.device.type == "meta" and like.dtype is torch.get_default_dtype()


COIN = "Bernoulli(logits=w + x)"
CRITIC = "module critic: [2] -> []"


class Model:
    """A small story with a method, and its gradients of the same draws in two ways."""

    def __init__(self, method: str, module: str = "", *, steps: str = "", law: str = COIN) -> None:
        story = f"""story R
input x
param w[2] = tensor([0.3, -0.2])
{module}
{(steps or "sample z ~ " + law + " with {}").format(method)}
cost c = sum(z * x) ** 2
"""
        torch.manual_seed(1)
        critic = torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.Flatten(0))
        self.model: Any = storchc.load(text=story)(**{"critic": critic} if module else {})
        self.parameters = dict(self.model.named_parameters())

    def loss(self, given: Any) -> Any:
        torch.manual_seed(0)
        estimate = torch.func.functional_call(self.model, given, (0.3,))
        return estimate.loss + estimate.method_loss

    def by_torch_func(self) -> dict[str, torch.Tensor]:
        return torch.func.grad(self.loss)(self.parameters)

    def by_backward(self) -> dict[str, torch.Tensor]:
        self.loss(self.parameters).backward()
        found = {n: p.grad for n, p in self.parameters.items()}
        return {n: torch.zeros(()) if g is None else g for n, g in found.items()}


IN_LOOP = """for t in range(3) from z = zeros([2]):
    sample b ~ Bernoulli(logits=w + x * z) with {}
    compute z = z + b"""


@pytest.mark.parametrize(
    ("method", "module", "more"),
    [
        ("ScoreFunction()", "", {}),
        ("DisARM()", "", {}),
        ("ReinMax()", "", {}),
        ("MeasureValued()", "", {}),
        ("REBAR()", "", {}),
        ("MuProp()", "", {}),
        ("RODEO(n=3)", "", {}),
        ("RELAX(c_phi=critic)", CRITIC, {}),
        ("RELAX(c_phi=critic)", CRITIC, {"steps": IN_LOOP}),
        ("LAX(c_phi=critic)", CRITIC, {"law": "Normal(w, 1)"}),
        ("LAX(c_phi=critic)", CRITIC, {"law": "Gamma(exp(w), 1)"}),
    ],
)
def test_torch_func_differentiates_as_backward_does(
    method: str, module: str, more: dict[str, str]
) -> None:
    """What methods train of themselves, too: every parameter has the same gradient."""
    model = Model(method, module, **more)
    found, wanted = model.by_torch_func(), model.by_backward()
    for name, gradient in wanted.items():
        torch.testing.assert_close(found[name], gradient.expand_as(found[name]))
    assert wanted["w"].abs().sum() > 0


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")
def test_a_derivative_forwards() -> None:
    model = Model("REBAR()")
    model.model.eval()
    along = {name: torch.zeros_like(p) for name, p in model.parameters.items()}
    along["w"][0] = 1
    given = {name: p.detach() for name, p in model.parameters.items()}
    found = torch.func.jvp(model.loss, (given,), (along,))[1]
    torch.testing.assert_close(found, model.by_torch_func()["w"][0])


def test_what_torch_func_does_not_allow_is_said() -> None:
    with pytest.raises(RuntimeError) as raised:
        Model("ScoreFunction(baseline=moving_average)").by_torch_func()
    assert "call the model in eval mode" in raised.value.__notes__[0]
    text = "story Own\nparam w = 0.3\nfunction f: [] -> []\ncost c = f(w)\n"
    model: Any = storchc.load(text=text)(f=lambda w: w.detach().requires_grad_() * w)
    with pytest.raises(RuntimeError) as raised:
        torch.func.grad(lambda given: torch.func.functional_call(model, given, ()).loss)(
            dict(model.named_parameters())
        )
    assert any("use `estimate.backward()`" in note for note in raised.value.__notes__)
