"""Types of everything that a story can say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storchc.diagnostics.diagnostic import Problems
from storchc.ir.defaults import Arithmetic, Initial, layers
from storchc.ir.expression import (
    Apply,
    CallUser,
    Construct,
    Extent,
    Literal,
    Named,
    Range,
    Reference,
    Select,
    StaticChoice,
)
from storchc.ir.nodes import Choice, Compute, Cost, ModuleOption, Sample
from storchc.ir.types import DistributionType, ValueType, write_shape
from storchc.syntax.parser import parse_method
from storchc.typing.nn_classes import CLASSES, NEEDED
from tests.typing.reading import graph, read, said

STORY = """story Types
dim K = 3
dim C = 4
dim D
plate data
plate sites sum
input x[data, K]
input y[data, D]
input i[data]: int
input j[data, 2]: int
input mask[data, K]: bool
input s[sites]
input beta
param w[K, C] = normal(0, 1)
param a = 0.5
module enc: [K] -> [C]
module cell: [K], ([C], [C]) -> ([C], [C])
function reward batched nondiff: [C] -> [] = my.rewards.reward
use my.methods: Mine
compute q = Normal(loc=x, scale=softplus(a))
sample z ~ q with ScoreFunction(n=10)
"""


def node(step: str) -> Compute | Sample | Cost:
    """The last node of the story with this step, or these steps, at its end."""
    last = graph(STORY + step + "\n").nodes[-1]
    assert isinstance(last, Compute | Sample | Cost)
    return last


def value(expression: str) -> object:
    """What an expression is read as."""
    last = node(f"compute v = {expression}")
    assert isinstance(last, Compute)
    return last.value


def written(type_: object) -> str:
    """A type as ``data z [K] float``."""
    assert isinstance(type_, ValueType)
    return " ".join([*sorted(type_.plates), write_shape(type_.shape), type_.dtype])


def type_of(expression: str) -> str:
    """The type of an expression."""
    last = node(f"compute v = {expression}")
    assert isinstance(last, Compute)
    return written(last.types[0])


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("x", "data [K] float"),
        ("K", "[] int"),
        ("D", "[] int"),
        ("true", "[] bool"),
        ("-pi", "[] float"),
        ("x + beta", "data [K] float"),
        ("x * s", "data sites [K] float"),
        ("z - x", "data z [K] float"),
        ("x @ w", "data [C] float"),
        ("i // 2", "data [] int"),
        ("i / 2", "data [] float"),
        ("x > 0 and mask", "data [K] bool"),
        ("not mask", "data [K] bool"),
        ("x if mask else 0", "data [K] float"),
        ("where(mask, 1, 0)", "data [K] int"),
        ("sum(w)", "[] float"),
        ("sum(w, dim=1)", "[K] float"),
        ("sum(w, dim=[0, -1], keepdim=true)", "[1, 1] float"),
        ("sum(x)", "data [] float"),
        ("argmax(x)", "data [] int"),
        ("reshape(w, [C, -1])", "[C, 3] float"),
        ("flatten(z)", "data z [K] float"),
        ("concat([x, x])", "data [6] float"),
        ("concat(x, y, dim=0)", "data [K + D] float"),
        ("stack([x, x], 0)", "data [2, K] float"),
        ('einsum("i,ij->j", x, w)', "data [C] float"),
        ("full([K, C], 1 / C)", "[K, C] float"),
        ("zeros([D])", "[D] float"),
        ("tensor([[1, 2], [3, 4.5]])", "[2, 2] float"),
        ("arange(D)", "[D] int"),
        ("clamp(x, max=1)", "data [K] float"),
        ("enc(x)", "data [C] float"),
        ("reward(enc(z))", "data z [] float"),
        ("q.mean", "data [K] float"),
        ("q.scale[0]", "data [] float"),
        ("log_prob(q, z)", "data z [] float"),
        ("log_prob(Normal(0, 1), x)", "data [] float"),
        ("log_prob(Categorical(logits=w), argmax(w, dim=1))", "[] float"),
        ("kl_divergence(q, Normal(0, 1))", "data [] float"),
        ("entropy(q)", "data [] float"),
        ("mean(z, over=z)", "data [K] float"),
        ("mean(i, over=data)", "[] float"),
        ("sum(mask, over=data)", "[K] int"),
        ("max(i, over=[data])", "[] int"),
        ("logmeanexp(z * s, over=[z, data])", "sites [K] float"),
    ],
)
def test_types(expression: str, expected: str) -> None:
    assert type_of(expression) == expected


@pytest.mark.parametrize(
    ("expression", "number"),
    [
        ("1 / C", 0.25),
        ("-K ** 2", -9),
        ("K % 2 == 1", True),
        ("K > 2 and not false", True),
        ("7 // 2", 3),
        ("exp(0)", 1.0),
        ("1 if K > 2 else x[9]", 1),
    ],
)
def test_numbers_are_computed(expression: str, number: float) -> None:
    found = value(expression)
    assert isinstance(found, Literal)
    assert (found.value, type(found.value)) == (number, type(number))


def test_sizes_stay_sizes() -> None:
    found = value("D * K - 1")
    assert isinstance(found, Extent)
    assert found.size.canonical() == "-1 + 3*D"
    assert isinstance(value("D / 2"), Apply)


def test_choices() -> None:
    assert isinstance(value("x[0] if K > 2 else x[1]"), Select)
    assert isinstance(value("x[0] if D > 2 else x[1]"), StaticChoice)
    assert isinstance(value("x if D > 2 else 0"), StaticChoice)
    elementwise = value("x[0] if mask[0] else x[1]")
    assert isinstance(elementwise, Apply)
    assert elementwise.function == "where"


# --- indices -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("w[0]", "[C] float"),
        ("w[-1, 2]", "[] float"),
        ("w[..., 0]", "[K] float"),
        ("w[:, 1:3]", "[K, 2] float"),
        ("w[1:, ::2]", "[2, 2] float"),
        ("w[:-1]", "[2, C] float"),
        ("w[K - 1]", "[C] float"),
        ("w[i]", "data [C] float"),
        ("w[i, 0]", "data [] float"),
        ("w[i, i]", "data [] float"),
        ("w[:, j]", "data [K, 2] float"),
        ("z[i]", "data z [] float"),
        ("x[:]", "data [K] float"),
        ("x[...]", "data [K] float"),
        ("y[1:]", "data [D - 1] float"),
        ("y[:-1]", "data [D - 1] float"),
        ("y[D - 1]", "data [] float"),
        ("y[::2]", "data [(D + 1) // 2] float"),
        ("x[0:1] * y", "data [D] float"),
    ],
)
def test_indices(expression: str, expected: str) -> None:
    assert type_of(expression) == expected


def test_items_of_an_index() -> None:
    found = value("w[1, 0:2]")
    assert isinstance(found, Select)
    one, part = found.items
    assert one == 1
    assert isinstance(part, Range)
    assert (str(part.start), str(part.stop), part.step) == ("0", "2", None)


def test_several_integer_values_index_one_after_the_other() -> None:
    outer = value("w[i, i]")
    assert isinstance(outer, Select)
    inner = outer.value
    assert isinstance(inner, Select)
    assert isinstance(inner.value, Reference)
    assert [len(outer.items), len(inner.items)] == [1, 1]


def test_an_index_of_everything_is_the_value() -> None:
    assert isinstance(value("x[...]"), Reference)


# --- modules, distributions, samples -------------------------------------------------------------


def test_results_of_tuples_are_flat() -> None:
    last = node("compute h, c = cell(x, [enc(x), enc(z)])")
    assert isinstance(last, Compute)
    assert isinstance(last.value, CallUser)
    assert last.names == ("h", "c")
    assert [written(t) for t in last.types] == ["data z [C] float"] * 2
    assert [isinstance(a, tuple) for a in last.value.arguments] == [False, True]


def test_numbers_become_floats_for_modules() -> None:
    text = "story S\nmodule f: [] -> []\nsample z ~ Normal(f(1), 1)\ncost c = z\n"
    made = graph(text).samples[0].distribution
    assert isinstance(made, Construct)
    call = made.parameters[0][1]
    assert isinstance(call, CallUser)
    argument = call.arguments[0]
    assert isinstance(argument, Literal)
    assert isinstance(argument.value, float)


def test_distributions_have_names() -> None:
    last = node("compute r = q\nsample v ~ r")
    assert isinstance(last, Sample)
    assert isinstance(last.distribution, Named)
    found = graph(STORY + "compute r = q\n").types["r"]
    assert isinstance(found, DistributionType)
    assert (found.family, write_shape(found.batch), found.plates) == (
        "Normal",
        "[K]",
        frozenset({"data"}),
    )


@pytest.mark.parametrize(
    ("distribution", "expected"),
    [
        ("q", "data v [K] float"),
        ("Normal(0, 1)", "v [] float"),
        ("Normal(z, 1)", "data v z [K] float"),
        ("Categorical(logits=w)", "v [K] int"),
        ("OneHotCategorical(logits=w)", "v [K, C] float"),
        ("Bernoulli(0.5)", "v [] float"),
    ],
)
def test_samples_have_their_plates(distribution: str, expected: str) -> None:
    assert written(node(f"sample v ~ {distribution}").type) == expected


def test_joined_samples() -> None:
    last = node("sample v ~ Normal(0, 1) in z\nsample u ~ Normal(v, s) in z")
    assert isinstance(last, Sample)
    assert (last.plate, last.joins, written(last.type)) == ("z", True, "data sites z [] float")
    assert graph(STORY + "sample v ~ Normal(0, 1) in z\ncost c = v\n").sample_plates == ("z",)


def test_plates_in_memory_order() -> None:
    found = graph(STORY + "sample v ~ Normal(z, s)\ncost c = sum(v)\n")
    assert found.order(frozenset({"z", "v", "sites", "data"})) == ("v", "z", "data", "sites")


def test_costs() -> None:
    last = node("observe x ~ q")
    assert isinstance(last, Cost)
    assert (last.name, last.observed, written(last.value.type)) == ("x", True, "data [] float")
    last = node("observe o = x ~ q")
    assert isinstance(last, Cost)
    assert last.name == "o"
    last = node("compute t = sum(z)\ncost t")
    assert isinstance(last, Cost)
    assert isinstance(last.value, Reference)
    assert graph(STORY + "cost t = sum(z)\nreport again = t\n").types["t"] == last.value.type


# --- methods -------------------------------------------------------------------------------------


def choice(method: str) -> Choice:
    """The method of a sample of a coin."""
    last = node(f"sample v ~ Bernoulli(sigmoid(a)) with {method}")
    assert isinstance(last, Sample)
    assert last.method is not None
    return last.method


def test_options_known_now() -> None:
    assert choice("ScoreFunction()").constants == {}
    given_ = choice("ScoreFunction(n=K, baseline=none, decay=1 / 2)").constants
    assert given_ == {"n": 3, "baseline": "none", "decay": 0.5}
    assert choice("GumbelSoftmax(straight_through=true)").constants == {"straight_through": True}


def test_options_that_are_values() -> None:
    found = choice("ScoreFunction(baseline=sum(x))")
    assert found.constants == {}
    assert written(found.values["baseline"].type) == "data [] float"
    assert choice("GumbelSoftmax(temperature=beta)").values.keys() == {"temperature"}


def test_a_word_of_an_option_is_no_name_there() -> None:
    text = "story S\nparam moving_average = 0.0\n"
    steps = "sample z ~ Normal(moving_average, 1) with ScoreFunction(baseline=moving_average)\n"
    method = graph(text + steps + "cost c = z\n").samples[0].method
    assert method is not None
    assert method.constants == {"baseline": "moving_average"}


def test_options_of_a_users_method() -> None:
    found = choice('Mine(size=K, rate=0.5, name="a", mode=fast, flag=true, other=none, net=enc)')
    assert found.constants == {
        "size": 3,
        "rate": 0.5,
        "name": "a",
        "mode": "fast",
        "flag": True,
        "other": None,
        "net": ModuleOption("enc"),
    }


def test_samplers() -> None:
    last = node("sample v ~ q with ScoreFunction() using ImportanceSampling(n=2, proposal=q)")
    assert isinstance(last, Sample)
    assert last.sampler is not None
    assert last.sampler.constants == {"n": 2}
    assert isinstance(last.sampler.values["proposal"], Named)


def test_overrides_replace_method_and_sampler_and_keep_the_plate() -> None:
    text = STORY + "sample v ~ q with Infer() in z\nsample u ~ q\ncost c = sum(u + v)\n"
    overrides = {
        "v": parse_method("ScoreFunction()", Problems()),
        "u": parse_method("ScoreFunction() using MonteCarlo(n=2)", Problems()),
    }
    _, v, u = graph(text, overrides).samples
    assert v.method is not None and v.method.name == "ScoreFunction"
    assert (v.plate, v.sampler) == ("z", None)
    assert u.sampler is not None and u.sampler.constants == {"n": 2}


# --- declarations --------------------------------------------------------------------------------


def test_initial_values() -> None:
    text = """story Params
param a = -1 / 2
param b[2] = tensor([1, -2])
param c[2, 2] = normal(std=3)
param d = 0.0
cost e = a + sum(b) + sum(c) + d
"""
    assert [param.init for param in graph(text).params] == [
        Initial("full", (-0.5,)),
        Initial("tensor", ((1.0, -2.0),)),
        Initial("normal", (0.0, 3.0)),
        Initial("full", (0.0,)),
    ]


def test_defaults_are_data() -> None:
    text = """story Defaults
dim K = 3
input x[K]
module net: [K] -> [1] = nn.Sequential(
    nn.Linear(K, 2 * K, bias=false), nn.GELU("tanh"), nn.Flatten(-1)
)
cost c = sum(net(x))
"""
    default = graph(text).callees["net"].default
    assert [layer.name for layer in layers(default)] == ["Sequential", "Linear", "GELU", "Flatten"]
    assert default is not None and default.last is not None
    assert default.last.arguments == (Arithmetic("-", (1,)),)


def test_classes_of_torch() -> None:
    from inspect import signature

    from torch import nn

    known = {name for name in CLASSES if isinstance(getattr(nn, name, None), type)}
    missing = CLASSES - known
    assert missing <= {"LinearCrossEntropyLoss"}, "older versions of torch lack it"
    assert all(issubclass(getattr(nn, name), nn.Module) for name in known)
    for name in known - {"RNN", "LSTM", "GRU", "RNNBase", "RNNCellBase", "LinearCrossEntropyLoss"}:
        written = signature(getattr(nn, name)).parameters.values()
        plain = (p for p in written if p.kind is p.POSITIONAL_OR_KEYWORD)
        assert NEEDED.get(name, ()) == tuple(p.name for p in plain if p.default is p.empty), name


def test_named_dims_never_broadcast() -> None:
    text = "story S\ndim K = 1\ninput x[K]\ninput y[3]\ncost c = sum(x + y)\n"
    assert said(text) == [("S300", "y")]
    assert said(text.replace("x[K]", "x[1]")) == []


def test_sizes_print_by_name() -> None:
    text = "story S\ndim K = 4\ninput x[K, 2]\nparam w[3] = 0.0\ncost c = sum(x + w)\n"
    assert "`[K, 2]`" in read(text)[1][0].message


# --- any story at all ----------------------------------------------------------------------------

PIECES = (
    "x", "y[0]", "w[i]", "z", "q", "K", "D", "data", "enc", "cell(x, [enc(x), enc(x)])", "0", "-1",
    "10 ** 30", "1.5", "true", "none", '"ij,j->i"', "[K, 2]", "[]", "q.mean", "x.mean",
    "Normal(0, 1)", "Categorical(logits=w)", "mean(x, over=data)", "sum(z, dim=0)", "nothing",
    "log_prob(q, z)", "a if K > 2 else b", "x > 0", "w[..., 0:2]", "x[D:]", "stack([x, x])",
    "1 // 0", "entropy(Poisson(a))", "sequence(z)",
)  # fmt: skip
STEPS = (
    "compute v = {0} + {1}",
    "compute v, u = {0}",
    "sample v ~ {0} with ScoreFunction(n={1}, baseline={2})",
    "sample v ~ Normal({0}, {1}) using ImportanceSampling(proposal={2}) in {0}",
    "sample v ~ Normal({0}) with Mine(a={1}, b={2})",
    "cost v = sum({0}, dim={1}, over={2})",
    "cost v = reshape({0}, {1})[{2}]",
    "observe v = {0} ~ {1}",
    "report v = {0} if {1} else {2}",
    "cost v = kl_divergence({0}, {1}) * reward({2})",
    "compute v = einsum({0}, {1}, {2}) @ {0}[{1}:{2}]",
    "compute v = Bernoulli({0}, logits={1}).probs ** {2}",
)


@given(st.sampled_from(STEPS), st.tuples(*[st.sampled_from(PIECES)] * 3))
def test_whatever_a_step_says_ends_in_words(step: str, pieces: tuple[str, str, str]) -> None:
    text = STORY + step.format(*(p.replace("q.mean", "(q.mean)") for p in pieces)) + "\n"
    problems = Problems()
    try:
        found, said_ = read(text)
    except AssertionError:
        return  # no tree: the parser has refused it
    assert found is not None or any(p.severity == "error" for p in said_), problems
    assert all(p.help and p.span.end <= len(text) for p in said_)
