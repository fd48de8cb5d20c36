"""MAPO: exact whatever is remembered; what it remembers, and when."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

import storchc
from storch_runtime import Downstream
from storch_runtime.distributions import Bernoulli, Categorical
from storch_runtime.methods import MAPO, SumAndSample
from storch_runtime.place import In
from storch_runtime.samplers._rest import Rest
from tests.certification.harness import fails
from tests.certification.samplers.weighted import (
    DATA,
    LAWS,
    LEAF,
    ONE,
    Law,
    Moments,
    agree,
    agree_in_story,
    cost,
    exact,
    expected,
    loss_of,
)

EMPTY = torch.inf


def remembering(buffer_size: int, memory: Any, costs: Any, **options: Any) -> MAPO:
    """MAPO with memories ``[keys, buffer_size, places]``."""
    method = MAPO(buffer_size, **options)
    method.keys = torch.arange(len(memory))
    method.indices = torch.tensor(memory)
    method.costs = torch.tensor(costs, dtype=torch.float32)
    assert method.indices.shape[:2] == method.costs.shape
    return method


def filled(law: Law, count: int, buffer_size: int, **options: Any) -> MAPO:
    """MAPO that remembers ``count`` of the values of a law, the first and the last among them."""
    made = law(LEAF, ONE)
    every = made.place_indices(made.enumerate_support())
    chosen = torch.linspace(0, len(every) - 1, max(count, 1)).long()[:count]
    rows = torch.cat([every[chosen], every.new_zeros((buffer_size - count, every.shape[-1]))])
    costs = [1.0] * count + [EMPTY] * (buffer_size - count)
    return remembering(buffer_size, [rows.tolist()], [costs], **options)


@pytest.mark.parametrize("count", [0, 1, 3])
@pytest.mark.parametrize("name", LAWS)
def test_every_derivative_is_exact(name: str, count: int) -> None:
    assert agree(filled(LAWS[name], count, 3), LAWS[name], ONE).variance >= -1e-12
    assert agree(filled(LAWS[name], count, 5), LAWS[name], ONE).variance >= -1e-12


def test_nothing_remembered_is_a_single_sample() -> None:
    law = LAWS["bits"]
    single = expected(SumAndSample(0, 1), law, ONE).variance
    assert agree(MAPO(4), law, ONE).variance == pytest.approx(single, abs=1e-12)


def test_everything_remembered_leaves_no_variance() -> None:
    law = LAWS["class"]
    found = [agree(filled(law, count, 6), law, ONE).variance for count in range(7)]
    assert found[0] > 0
    assert found[5:] == pytest.approx([0, 0], abs=1e-12)
    assert agree(filled(law, 6, 9), law, ONE).variance == pytest.approx(0, abs=1e-12)


def test_the_memory_of_the_best_is_that_of_the_sum() -> None:
    """With the most probable values in it MAPO is sum-and-sample."""
    law = LAWS["bits"]
    summed = SumAndSample(3)
    best = law(LEAF, ONE).place_indices(summed.draw(law(LEAF, ONE)).value[:3])
    method = remembering(3, [best.tolist()], [[1.0, 2.0, 3.0]])
    assert expected(method, law, ONE).variance == pytest.approx(
        expected(summed, law, ONE).variance, abs=1e-12
    )


def test_each_element_uses_the_memory_of_its_key() -> None:
    memories = [[[0, 0, 0], [0, 1, 1]], [[1, 1, 1], [0, 0, 0]], [[1, 0, 0], [1, 1, 0]]]
    costs = [[1.0, 2.0], [EMPTY, EMPTY], [0.3, EMPTY]]
    method = remembering(2, memories, costs)
    for key in ([0, 2], [1, 1], [2, 7]):
        agree(method, LAWS["bits"], DATA, key=torch.tensor(key))
    draw = method.draw(LAWS["bits"](LEAF, DATA), key=torch.tensor([2, 7]))
    assert draw.value[0, 0].tolist() == [1, 0, 0]
    assert (draw.weight > 0).sum(0).tolist() == [2, 1]


def test_equal_memories_count_once() -> None:
    method = remembering(3, [[[0, 1, 1], [0, 1, 1], [1, 0, 1]]], [[0.7, 0.7, 0.7]])
    agree(method, LAWS["bits"], ONE)


# --- in stories -----------------------------------------------------------------------------------

BETWEEN = """
story T
input u
input v[2]
sample a ~ Bernoulli(logits=u) with {above}
sample z ~ Bernoulli(logits=v * (1 + a) - u) with {}
compute y = z[0] + 2 * z[1] * z[0]
sample b ~ Bernoulli(logits=v[1] + y) with {below}
cost c = (y + b - a * u) ** 2 * (1 + 0.5 * b * y)
cost d = a * v[0] + y * u
"""
KEYED = """
story T
plate data
plate part
input x[data]
input w[part]
input who[data]: int
input v[2]
sample z ~ OneHotCategorical(logits=outer(v, v) * x * w) with {}
compute y = z[0, 0] + 2 * z[1, 1] * z[0, 0]
cost c = (y - x) ** 2 * (1 + 0.5 * v[0] * y) * w
cost d = exp(0.3 * y) * v[1]
"""


def fill(memory: Any, costs: Any) -> Callable[[Any], None]:
    """Give the method at z something to remember."""

    def prepare(model: Any) -> None:
        model.methods["z"].keys = torch.arange(len(memory))
        model.methods["z"].indices = torch.tensor(memory)
        model.methods["z"].costs = torch.tensor(costs)

    return prepare


@pytest.mark.parametrize("other", ["ScoreFunction()", "Expect()", "SumAndSample(sum_size=1)"])
@pytest.mark.parametrize(
    "costs", [[EMPTY, EMPTY, EMPTY], [1.0, EMPTY, EMPTY], [1.0, 2.0, EMPTY], [1.0, 2.0, 3.0]]
)
def test_it_is_exact_between_others(costs: list[float], other: str) -> None:
    prepare = fill([[[0, 1], [1, 1], [0, 0]]], [costs])
    method = "MAPO(buffer_size=3)"
    agree_in_story(
        BETWEEN,
        method,
        {"u": 0.4, "v": [0.7, -1.2]},
        above=other,
        below=other,
        prepare=prepare,
        hessian=other == "Expect()",
    )


def test_keys_are_numbers_of_the_data() -> None:
    """Each element of the other plate shares the memory of its datum."""
    memory, costs = [[[0, 1]], [[1, 1]], [[0, 0]]], [[1.0], [EMPTY], [0.5]]
    inputs = {"x": [0.7, -1.2], "w": [0.3], "who": [2, 0], "v": [0.7, -1.2]}
    agree_in_story(KEYED, "MAPO(buffer_size=1, key=who)", inputs, prepare=fill(memory, costs))


def test_training_fills_the_memories_of_the_keys_that_come() -> None:
    torch.manual_seed(0)
    text = KEYED.format("MAPO(buffer_size=2, key=who)")
    model = storchc.load(text=text)()
    inputs = {"x": torch.randn(2), "w": torch.ones(3), "v": torch.randn(2, requires_grad=True)}
    for who in ([4, 1], [1, 2]):
        for _ in range(3):
            model(**inputs, who=torch.tensor(who)).backward()
    method: Any = model.methods["z"]
    assert method.keys.tolist() == [0, 1, 2, 4]
    assert method.costs.isfinite().sum(1).tolist() == [0, 2, 2, 2]
    ordered = method.costs[1:]
    assert bool((ordered[:, 0] <= ordered[:, 1]).all())
    estimate = model(**inputs, who=torch.tensor([4, 7]))
    assert (estimate.draws["z"].weight > 0).sum(0).tolist() == [[3, 3, 3], [1, 1, 1]]


def test_in_eval_mode_it_compiles_whole() -> None:
    torch.manual_seed(0)
    model: Any = storchc.load(text=KEYED.format("MAPO(buffer_size=2, key=who)"))()
    inputs = {"x": torch.randn(2), "w": torch.ones(3), "v": torch.randn(2, requires_grad=True)}
    who = torch.tensor([1, 3])
    model(**inputs, who=who)
    torch.compiler.reset()
    compiled = torch.compile(model.eval(), fullgraph=True, backend="aot_eager")
    compiled(**inputs, who=who).backward()
    assert bool(inputs["v"].grad.isfinite().all())


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor:UserWarning")
def test_a_minibatch_trains_under_compile_too() -> None:
    """Memories do not grow there: steps that are not compiled make room for their keys."""
    torch.manual_seed(0)
    model: Any = storchc.load(text=KEYED.format("MAPO(buffer_size=2, key=who)"))()
    inputs = {"x": torch.randn(2), "w": torch.ones(3), "v": torch.randn(2, requires_grad=True)}
    model(**inputs, who=torch.tensor([2, 1])).backward()
    torch.compiler.reset()
    compiled = torch.compile(model, fullgraph=True, backend="aot_eager")
    for who in ([0, 1], [1, 3]):
        compiled(**inputs, who=torch.tensor(who)).backward()
    assert model.methods["z"].costs.isfinite().any(1).tolist() == [True, True, True]


# --- clipping -------------------------------------------------------------------------------------


def clipped_gradient(law: Law, memory: Tensor, clip: float) -> Tensor:
    """The formula of the paper, by enumeration."""
    leaf = LEAF.clone().requires_grad_()
    made = law(leaf, ONE)
    support = made.enumerate_support()
    inside = (made.place_indices(support)[:, None] == memory).all(-1).any(1)
    logs = made.joint_log_prob(support)
    p = logs.detach().exp()
    total = p[inside].sum()
    kept = torch.clamp(total, min=clip)
    weight = torch.where(inside, p / total * kept, p / (1 - total) * (1 - kept))
    paid = cost(support, leaf, ONE, made)
    (slope,) = torch.autograd.grad((weight * (logs * paid.detach() + paid)).sum(), leaf)
    return slope


@pytest.mark.parametrize("clip", [0.05, 0.6, 0.95])
def test_a_clipped_memory_is_the_formula_of_the_paper(clip: float) -> None:
    law = LAWS["bits"]
    method = filled(law, 2, 3, clip=clip)
    found = expected(method, law, ONE)
    wanted = clipped_gradient(law, method.indices[0, :2], clip)
    torch.testing.assert_close(found.gradient, wanted, rtol=0, atol=1e-9)


def test_clipping_biases_only_where_it_clips() -> None:
    law = LAWS["bits"]
    agree(filled(law, 2, 3, clip=0.05), law, ONE)
    agree(filled(law, 0, 3, clip=0.6), law, ONE)
    assert fails(lambda: agree(filled(law, 2, 3, clip=0.6), law, ONE))
    _, true, _ = exact(law, ONE)
    bias = expected(filled(law, 2, 3, clip=0.6), law, ONE).gradient - true
    assert float(bias.norm() / true.norm()) > 0.1


# --- what is remembered ---------------------------------------------------------------------------


def step(method: MAPO, values: list[int], costs: dict[int, float], key: Any = None) -> None:
    """One training pass over a categorical, told what is drawn of it for each element."""
    law = Categorical(logits=torch.zeros(len(values), 6))
    key = torch.zeros(len(values), dtype=torch.long) if key is None else torch.tensor(key)
    memory: Any = method.propose(law, method.n, key=key)
    sequences = memory.sequences.clone()
    free = memory.weight[:-1] == 0
    sampled = torch.tensor(values)[:, None]
    sequences[:-1] = torch.where(free.unsqueeze(-1), sampled, sequences[:-1])
    sequences[-1] = sampled
    draw = method.propose(law, method.n, outcome=law.place_values(sequences), key=key)
    paid = torch.tensor([[costs[int(v)] for v in row] for row in draw.value])
    zero = method.control_variate(draw, Downstream(paid))
    assert zero.shape == draw.weight.shape and bool((zero == 0).all())


def remembered(method: MAPO) -> list[list[tuple[int, float]]]:
    """The values of each memory with what they cost."""
    return [
        [(int(i), round(float(c), 4)) for i, c in zip(row, paid, strict=True) if c < EMPTY]
        for row, paid in zip(method.indices, method.costs, strict=True)
    ]


def test_the_best_values_are_remembered() -> None:
    method, costs = MAPO(2), {0: 4.0, 1: 2.0, 2: 3.0, 3: 1.0}
    step(method, [0], costs)
    assert remembered(method) == [[(0, 4.0)]]
    step(method, [1], costs)
    assert remembered(method) == [[(1, 2.0), (0, 4.0)]]
    step(method, [2], costs)
    assert remembered(method) == [[(1, 2.0), (2, 3.0)]]
    step(method, [0], costs)
    assert remembered(method) == [[(1, 2.0), (2, 3.0)]]
    step(method, [3], costs | {1: 9.0})
    assert remembered(method) == [[(3, 1.0), (2, 3.0)]]


def test_costs_are_refreshed_when_values_are_seen_again() -> None:
    method = MAPO(3)
    step(method, [0], {0: 4.0})
    step(method, [1], {0: 5.0, 1: 6.0})
    assert remembered(method) == [[(0, 5.0), (1, 6.0)]]
    step(method, [2], {0: 8.0, 1: 7.0, 2: 7.5})
    assert remembered(method) == [[(1, 7.0), (2, 7.5), (0, 8.0)]]


def test_keys_have_memories_of_their_own_and_grow() -> None:
    method = MAPO(2)
    step(method, [0, 1], {0: 4.0, 1: 2.0}, [0, 3])
    assert remembered(method) == [[(0, 4.0)], [(1, 2.0)]]
    step(method, [2, 3, 4], {0: 4.0, 1: 2.0, 2: 1.0, 3: 0.5, 4: 7.0}, [3, 3, 5])
    assert remembered(method) == [[(0, 4.0)], [(3, 0.5), (2, 1.0)], [(4, 7.0)]]


def test_keys_are_any_integers_and_memory_grows_with_their_number() -> None:
    method, large = MAPO(2), 2**62
    step(method, [0, 1, 2], {0: 4.0, 1: 2.0, 2: 3.0}, [large, -7, large])
    assert method.keys.tolist() == [-7, 0, large]
    assert remembered(method) == [[(1, 2.0)], [], [(2, 3.0), (0, 4.0)]]
    step(method, [5], {n: float(n) for n in range(6)}, [-large])
    assert method.keys.tolist() == [-large, -7, 0, large]
    assert remembered(method)[3] == [(2, 3.0), (0, 4.0)]


def test_a_value_that_several_elements_draw_costs_their_average() -> None:
    method = MAPO(3)
    law = Categorical(logits=torch.zeros(3, 6))
    key = torch.tensor([1, 1, 0])
    outcome = torch.tensor([2, 2, 2]).expand(4, 3)
    draw = method.propose(law, method.n, outcome=outcome, key=key)
    method.control_variate(draw, Downstream(torch.tensor([1.0, 4.0, 9.0]).expand(4, 3)))
    assert remembered(method) == [[(2, 9.0)], [(2, 2.5)]]


def test_costs_that_are_not_finite_are_forgotten() -> None:
    method = MAPO(2)
    step(method, [0], {0: 4.0})
    step(method, [1], {0: 4.0, 1: torch.nan})
    assert remembered(method) == [[(0, 4.0)]]
    step(method, [1], {0: torch.inf, 1: -torch.inf})
    assert remembered(method) == [[(0, 4.0)]]


def test_only_training_passes_are_remembered() -> None:
    method = MAPO(2)
    law = Categorical(logits=torch.zeros(1, 6))
    draw = method.draw(law)
    method.eval().control_variate(draw, Downstream(torch.ones(3, 1)))
    assert remembered(method) == [[]]
    again = method.train().draw(law, given=draw.value)
    method.control_variate(again, Downstream(torch.ones(3, 1)))
    assert remembered(method) == [[]]
    method.control_variate(draw, Downstream(torch.ones(3, 1)))
    assert remembered(method) == [[(int(draw.value[-1]), 1.0)]]


@pytest.mark.parametrize(("keys", "buffer_size"), [(1, 2), (4, 2), (4, 1), (4, 3)])
def test_a_memory_is_loaded_whatever_its_size(keys: int, buffer_size: int) -> None:
    saved = MAPO(2)
    step(saved, [0, 1], {0: 4.0, 1: 2.0}, [keys - 1, 0])
    step(saved, [2, 2], {0: 4.0, 1: 2.0, 2: 1.0}, [keys - 1, 0])
    method = MAPO(buffer_size)
    method.load_state_dict(saved.state_dict())
    assert remembered(method) == [row[:buffer_size] for row in remembered(saved)]
    assert method.costs.shape == (min(keys, 2), buffer_size)
    step(method, [3], {n: float(n) for n in range(6)}, [keys + 3])
    assert len(remembered(method)) == min(keys, 2) + 1


def test_a_memory_of_numbered_keys_is_loaded() -> None:
    saved = filled(LAWS["bits"], 2, 2).state_dict()
    del saved["keys"]
    method = MAPO(2)
    method.load_state_dict(saved)
    assert method.keys.tolist() == [0]


def test_what_is_loaded_is_a_copy() -> None:
    saved, method = filled(LAWS["bits"], 2, 2), MAPO(2)
    method.load_state_dict(saved.state_dict())
    method.costs.fill_(EMPTY)
    assert bool(saved.costs.isfinite().all())


def test_a_given_value_has_the_weights_it_was_drawn_with() -> None:
    torch.manual_seed(0)
    law = LAWS["bits"](LEAF, DATA)
    for count in range(4):
        for clip in (0.0, 0.7):
            method = filled(LAWS["bits"], count, 3, clip=clip)
            draw = method.draw(law)
            fresh = MAPO(3, clip=clip).draw(law, given=draw.value)
            torch.testing.assert_close(fresh.weight, draw.weight)
            assert torch.equal(fresh.value, draw.value)


def test_wrong_uses_are_refused() -> None:
    law = Categorical(logits=torch.zeros(2, 6))
    method = MAPO(2)
    with pytest.raises(ValueError, match="takes 3 values here, but 2 are given"):
        method.draw(law, given=torch.zeros(2, 2, dtype=torch.long))
    with pytest.raises(ValueError, match="a plate of its own"):
        method.draw(law, place=In(0))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("logit", [0.0, 50.0, -1e4, 1e4])
@pytest.mark.parametrize("clip", [0.0, 0.5])
def test_extreme_logits(logit: float, clip: float, dtype: torch.dtype) -> None:
    leaf = torch.full((2, 3), logit, dtype=dtype, requires_grad=True)
    law = Bernoulli(logits=leaf, event=1)
    method = remembering(2, [[[1, 1, 1], [0, 0, 1]]], [[1.0, 2.0]], clip=clip)
    draw = method.draw(law)
    torch.testing.assert_close(draw.weight.sum(0), torch.ones(2, dtype=dtype))
    (slope,) = torch.autograd.grad(loss_of(method, draw, draw.value.sum(-1) + 1), leaf)
    assert bool(slope.isfinite().all())


# --- broken variants ------------------------------------------------------------------------------

Break = Callable[[pytest.MonkeyPatch], None]


def free_places_counted(patch: pytest.MonkeyPatch) -> None:
    """What has never been seen is summed as if it had been."""
    right = Rest.__init__

    def wrong(self: Rest, log_probs: Tensor, excluded: Tensor, counted: Any = None) -> None:
        right(self, log_probs, excluded)

    patch.setattr(Rest, "__init__", wrong)


def memory_sampled_too(patch: pytest.MonkeyPatch) -> None:
    """The sample may be in the memory and counts in full."""

    def wrong(self: MAPO, rest: Rest, sequences: Tensor) -> Tensor:
        return torch.cat([rest.inside, torch.ones_like(rest.mass)[None]])

    patch.setattr(MAPO, "_weights", wrong)


def unweighted_memory(patch: pytest.MonkeyPatch) -> None:
    """Equal weights within the memory."""
    right = MAPO._weights

    def wrong(self: MAPO, rest: Rest, sequences: Tensor) -> Tensor:
        weight = right(self, rest, sequences)
        memory = weight[:-1]
        weight[:-1] = (memory > 0) * memory.sum(0) / (memory > 0).sum(0).clamp(min=1)
        return weight

    patch.setattr(MAPO, "_weights", wrong)


@pytest.mark.parametrize("broken", [free_places_counted, memory_sampled_too, unweighted_memory])
def test_a_broken_formula_fails(broken: Break, monkeypatch: pytest.MonkeyPatch) -> None:
    def check() -> Moments:
        return agree(filled(LAWS["bits"], 2, 4), LAWS["bits"], ONE)

    check()
    broken(monkeypatch)
    assert fails(check)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_compiled_step_remembers_as_any_other() -> None:
    torch.compiler.reset()
    text = """story T
plate data
input x[data]
input who[data]: int
param v[2] = tensor([0.4, -0.9])
sample z ~ Bernoulli(logits=v * x) with MAPO(buffer_size=2, key=who)
cost c = (sum(z * v) - 0.3) ** 2 * x
"""
    x, who = torch.tensor([0.7, -1.2]), torch.tensor([1, 0])
    plain: Any = storchc.load(text=text)()
    plain(x, who).backward()  # as many memories as there are keys
    other: Any = storchc.load(text=text)()
    other.load_state_dict(plain.state_dict())
    step = torch.compile(other, fullgraph=True, backend="aot_eager")
    for _ in range(3):
        estimate = step(x, who)
        estimate.backward()
        given = {"z": estimate.samples["z"].detach()}
        assert estimate.cost.isfinite() and given["z"].shape == (3, 2, 2)
    memory = other.methods["z"]
    assert memory.costs.isfinite().sum() >= plain.methods["z"].costs.isfinite().sum()
    assert (memory.costs.sort(1).values == memory.costs).all()
