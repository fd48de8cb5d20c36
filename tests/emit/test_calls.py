"""Wrong at the call: every error names the story line and says what is wrong."""

from __future__ import annotations

import copy
import pickle
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import storchc
from storch_runtime import NonFiniteCost, StoryShapeError, StoryTypeError, StoryWarning

STORY = """\
story Called
dim D
plate data
plate group sum
input x[data, D]
input y[data, group, D]
input i[data]: int
input m[group]: bool
input beta
input t: int
param w[2] = normal(0, 1)
module enc: [D] -> [2]
module two: [2] -> [2], []
function f batched: [2] -> []
function g: [2] -> []
function h nondiff: [2] -> []: int
sample z ~ Normal(enc(x), softplus(w) + 0.1) with ScoreFunction(n=3, baseline=moving_average)
sample o ~ Bernoulli(probs=sigmoid(w)) with Expect()
compute a, b = two(z)
cost first = sum(z) * beta + b + sum(a)
cost second = f(z) + g(z) + h(z) + i + t
cost third = sum(o) + sum(y) + where(m, 1, 0)
"""
Called = storchc.load(text=STORY)


class Two(nn.Module):
    """Two results."""

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        return z * 2, z.sum(-1)


def total(z: Tensor) -> Tensor:
    return z.sum(-1)


def count(z: Tensor) -> Tensor:
    return z.sum(-1).long()


def model(**changed: Any) -> Any:
    parts = {"enc": nn.Linear(3, 2), "two": Two(), "f": total, "g": total, "h": count}
    return Called(**parts | changed)


def inputs(**changed: Any) -> dict[str, Any]:
    sound: dict[str, Any] = {
        "x": torch.rand(4, 3),
        "y": torch.rand(4, 2, 3),
        "i": torch.zeros(4).long(),
    }
    sound |= {"m": torch.ones(2).bool(), "beta": 0.5, "t": 1}
    return sound | changed


def place(error: BaseException) -> str:
    """The message with its notes, as a traceback shows them."""
    return "\n".join([str(error), *getattr(error, "__notes__", [])])


@pytest.mark.parametrize(
    ("changed", "line", "words"),
    [
        ({"x": torch.rand(4)}, 5, "`x` has shape [4]; the story declares `x[data, D]`"),
        ({"x": torch.rand(5, 3)}, 6, "plate `data` is 4 here and 5 elsewhere"),
        ({"x": torch.rand(0, 3)}, 5, "plate `data` is empty"),
        ({"x": torch.rand(4, 0)}, 5, "dim `D` is empty"),
        ({"y": torch.rand(4, 2, 5)}, 6, "dim `D` is 5 here and 3 elsewhere"),
        ({"y": torch.rand(4, 0, 3)}, 6, "plate `group` is empty"),
        ({"m": torch.ones(3).bool()}, 8, "plate `group` is 3 here and 2 elsewhere"),
        ({"beta": torch.rand(1)}, 9, "`beta` has shape [1]"),
    ],
)
def test_shapes_of_inputs(changed: dict[str, Any], line: int, words: str) -> None:
    with pytest.raises(StoryShapeError) as caught:
        model()(**inputs(**changed))
    assert str(caught.value).startswith(f"<text>:{line}: ")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("changed", "line", "words"),
    [
        ({"x": torch.zeros(4, 3).long()}, 5, "has dtype torch.int64, expected a floating dtype"),
        ({"x": torch.zeros(4, 3, dtype=torch.cfloat)}, 5, "expected a floating dtype"),
        ({"x": [[1.0]]}, 5, "is a `list`, expected a tensor"),
        ({"x": None}, 5, "is a `NoneType`, expected a tensor"),
        ({"x": 3.0}, 5, "is a `float`, expected a tensor"),
        ({"x": torch.rand(4, 3).double()}, 5, "or `model.to(torch.float64)`"),
        ({"x": torch.rand(4, 3, device="meta")}, 5, '; `x.to("cpu")`, or `model.to("meta")`'),
        ({"i": torch.zeros(4)}, 7, "has dtype torch.float32, expected torch.int64"),
        ({"m": torch.ones(2)}, 8, "expected torch.bool"),
        ({"beta": "a"}, 9, "is a `str`, expected a tensor or a `float`"),
        ({"t": 1.5}, 10, "is a `float`, expected a tensor or a `int`"),
        ({"t": 2**70}, 10, "too large for torch.int64"),
        ({"t": torch.tensor(1.0)}, 10, "expected torch.int64"),
    ],
)
def test_types_of_inputs(changed: dict[str, Any], line: int, words: str) -> None:
    with pytest.raises(StoryTypeError) as caught:
        model()(**inputs(**changed))
    assert str(caught.value).startswith(f"<text>:{line}: ")
    assert words in str(caught.value)


@pytest.mark.parametrize("number", [2, 0.5, True, torch.tensor(0.5)])
def test_scalars_may_be_numbers(number: Any) -> None:
    model()(**inputs(beta=number)).backward()


@pytest.mark.parametrize(
    ("changed", "lines", "words"),
    [
        ({"enc": nn.Linear(3, 5)}, [12], "`enc` returned shape [4, 5], expected [4, 2]"),
        ({"enc": nn.Linear(4, 2)}, [17], "cannot be multiplied"),
        ({"enc": nn.LSTM(3, 2)}, [12], "`enc` returned a `tuple`, not a tensor"),
        ({"two": nn.Identity()}, [13], "returned a `Tensor`, expected 2 results"),
        ({"f": lambda z: 1.0}, [14], "`f` returned a `float`, not a tensor"),
        ({"f": lambda z: None}, [14], "`f` returned a `NoneType`, not a tensor"),
        ({"f": lambda z: z}, [14], "`f` returned shape [12, 2], expected [12]"),
        ({"f": count}, [14], "`f` returned dtype torch.int64, expected a floating dtype"),
        ({"g": lambda z: z.sum(-1)[..., None]}, [15], "does not broadcast to [3, 4]"),
        ({"g": lambda z: 1 / 0}, [21], "division by zero"),
        ({"h": total}, [16], "`h` returned dtype torch.float32, expected torch.int64"),
    ],
)
def test_results_of_modules(changed: dict[str, Any], lines: list[int], words: str) -> None:
    with pytest.raises((ValueError, TypeError, RuntimeError, ZeroDivisionError)) as caught:
        model(**changed)(**inputs())
    assert f"<text>:{lines[0]}" in place(caught.value)
    assert words in place(caught.value)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_costs_that_are_not_finite(bad: float) -> None:
    called = model()
    estimate = called(**inputs(beta=bad))
    with pytest.raises(NonFiniteCost, match=r"<text>:20: cost `first` is not finite"):
        estimate.backward()
    called(**inputs()).backward()  # one broken step breaks no other


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"zz": torch.rand(1)}, "`zz`, which is no sample of the story"),
        ({"z": torch.rand(4, 2)}, "has shape [4, 2], expected [n, 4, 2]"),
        ({"z": torch.rand(3, 4, 3)}, "has shape [3, 4, 3], expected [n, 4, 2]"),
        ({"z": torch.rand(0, 4, 2)}, "has shape [0, 4, 2], expected [n, 4, 2]"),
        ({"z": [1]}, "`given` has a `list` for `z`, expected a tensor or `MODE`"),
        ({"z": None}, "`given` has a `NoneType` for `z`"),
        ([1], "`given` is a `list`"),
        ({"o": torch.ones(4, 2)}, "only its own values can be given"),
    ],
)
def test_values_given(given: Any, words: str) -> None:
    with pytest.raises((ValueError, TypeError, KeyError)) as caught:
        model()(**inputs(), given=given)
    assert words in place(caught.value)


def test_values_given_set_n() -> None:
    assert model()(**inputs(), given={"z": torch.rand(5, 4, 2)}).samples["z"].shape == (5, 4, 2)


@pytest.mark.parametrize("n", [0, -1, 1.5, "3", None, True])
def test_n_that_is_no_count(n: Any) -> None:
    called = model()
    with pytest.raises(ValueError, match="a method draws 1 value or more"):
        called.methods["z"].n = n
    called(**inputs()).backward()


def test_n_changes_between_calls() -> None:
    called = model()
    for n in (50, 1, torch.tensor(7)):
        called.methods["z"].n = n
        assert len(called(**inputs()).samples["z"]) == n


def test_no_such_method_or_sample() -> None:
    called = model()
    with pytest.raises(KeyError, match=r"^'q'$"):
        called.methods["q"]
    with pytest.raises(KeyError, match="q"):
        called(**inputs()).samples["q"]


def test_copies_and_other_dtypes() -> None:
    called = pickle.loads(pickle.dumps(copy.deepcopy(model())))
    called.load_state_dict(model().state_dict())
    wide = {key: v.double() if key in "xy" else v for key, v in inputs().items()}
    estimate = called.to(torch.float64)(**wide)
    assert estimate.backward().dtype == torch.float64
    called.eval()(**wide).backward()
    called.train()(**wide).backward()


def test_nothing_to_differentiate() -> None:
    with torch.no_grad():
        estimate = model()(**inputs())
    with pytest.raises(RuntimeError, match="depends on no parameter"):
        estimate.backward()


def test_a_line_with_several_results_is_named_once() -> None:
    text = """\
story Twice
param w = 0
function step nondiff: [] -> [], []: bool
for t in range(2) from s = 0:
    sample a ~ Bernoulli(logits=w + s) with ScoreFunction()
    compute s, done = step(a)
    cost c = s
    stop when done
"""
    assert storchc.compile(text=text).count("compute s, done = step(a)") == 1


@pytest.mark.parametrize(
    ("size", "fits", "other"), [("2 * D", 10, 9), ("D // 2", 2, 3), ("D - 1", 4, 5)]
)
def test_an_input_has_the_sizes_that_dims_make(size: str, fits: int, other: int) -> None:
    text = f"story S\ndim D\nplate data\ninput y[data, {size}]\ninput x[data, D]\n"
    made = storchc.load(text=text + "cost c = sum(x) + sum(y)\n")()
    made(torch.rand(3, fits), torch.rand(3, 5))
    with pytest.raises(StoryShapeError) as error:
        made(torch.rand(3, other), torch.rand(3, 5))
    assert f":4: input `y` has shape [3, {other}], expected [3, {fits}]" in str(error.value)


# --- several results -----------------------------------------------------------------------------

ENV = """\
story Several
plate carts
input  start[carts, 2]
param  w = 0.3
function env batched nondiff stateful: [2] -> [2], [], []: bool
compute seen, reward, fallen = env(start)
sample z ~ Bernoulli(logits=w) with ScoreFunction(baseline=none)
cost   c = sum(seen) + reward * z if fallen else z
"""


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        (lambda x: (x, x[:, 0]), "`env` returned 2 results, expected 3 results"),
        (lambda x: x, "`env` returned a `Tensor`, expected 3 results"),
        (lambda x: (x, x[:, 0], x[:, 0]), "returned as its third result dtype torch.float32"),
        (lambda x: (x, x, x[:, 0] > 0), "returned as its second result shape [3, 2]"),
    ],
)
def test_several_results(returned: Callable[[Tensor], Any], words: str) -> None:
    several = storchc.load(text=ENV)(returned)
    with pytest.raises((StoryShapeError, StoryTypeError)) as caught:
        several(torch.rand(3, 2))
    assert str(caught.value).startswith("<text>:5: ")
    assert words in str(caught.value)
    assert str(caught.value).endswith("the story declares `-> [2], [], []: bool`")


def test_several_results_of_the_right_kind() -> None:
    several = storchc.load(text=ENV)(lambda x: [x, x[:, 0], x[:, 0] > 0])
    assert several(torch.rand(3, 2)).loss.isfinite()


class TwoDoors(nn.Module):
    """A module with a method of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(3, 2)

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        """The first."""
        return self.inner(x)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (None, "is a `NoneType`: give an `nn.Module`"),
        (nn.Linear, "is the class `Linear`: give an instance, `Linear(…)`"),
        (lambda x: x[:, :2], "is a `function`: give an `nn.Module`, whose parameters"),
        ([nn.Linear(3, 2)], "is a `list`: give an `nn.Module`"),
    ],
)
def test_what_is_no_module_is_refused_where_it_is_given(given: Any, words: str) -> None:
    with pytest.raises(StoryTypeError) as caught:
        model(enc=given)
    assert str(caught.value).startswith("<text>:")
    assert "`enc` is declared a module, but " + words in str(caught.value)


def test_a_bound_method_is_taken_as_its_modules() -> None:
    two = TwoDoors()
    made = model(enc=two.encode)
    assert set(two.parameters()) <= set(made.model_parameters())
    made(**inputs()).backward()
    assert two.inner.weight.grad is not None
    assert len(list(made.parameters())) == len(set(made.parameters()))


ROWS = """
story Rows
plate data
input x[data, 4]
module net: [4] -> [1]
module enc: [4] -> [4]
sample z ~ Bernoulli(logits=enc(x)) with ScoreFunction(n=2, baseline=batch_average)
cost c = sum(net(z))
"""


def test_batch_statistics_below_a_score_are_warned_of_at_the_first_call_in_training() -> None:
    net = nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 1))
    made = storchc.load(text=ROWS)(net=net, enc=nn.BatchNorm1d(4))
    x = torch.randn(3, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made.eval()(x)
        storchc.load(text=ROWS)(net=nn.Linear(4, 1), enc=nn.BatchNorm1d(4))(x)  # above the sample
    with pytest.warns(StoryWarning, match=r"`BatchNorm1d` in `net` .* the sample `z`") as caught:
        made.train()(x)
        made(x)
    assert len(caught) == 1
    made = storchc.load(text=ROWS)(net=net, enc=nn.Linear(4, 4))
    net.eval()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made(x)


IMAGES = """
story Images
plate data
input {}
cost c = sum(x * 1.0)
"""


@pytest.mark.parametrize(
    ("declared", "given", "words"),
    [
        ("x[data, 4, 4]", torch.zeros(2, 4, 4).byte(), "of an image `x.float() / 255`"),
        ("x[data, 4]: int", torch.zeros(2, 4), ": convert it, `x.long()`"),
        ("x[data, 16]", torch.zeros(2, 4, 4), ": flatten it, `x.flatten(1)`"),
        ("x[data, 4, 4]", torch.zeros(2, 16), ": `x.unflatten(1, (4, 4))`"),
        ("x[data, 4, 4]", torch.zeros(4, 4), ": of one element of `data` give `x[None]`"),
        ("x[data, 1, 4, 4]", torch.zeros(2, 4, 4), ": `x.reshape(2, 1, 4, 4)`"),
    ],
)
def test_images_in_words(declared: str, given: Tensor, words: str) -> None:
    made = storchc.load(text=IMAGES.format(declared))()
    with pytest.raises((ValueError, TypeError)) as caught:
        made(given)
    assert str(caught.value).endswith(words)
