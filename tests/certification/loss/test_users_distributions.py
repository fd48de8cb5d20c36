"""Distributions of the user's: their gradients, and those of the family that they behave as."""

from __future__ import annotations

from collections import Counter
from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Categorical, Normal

import storchc
from storch_runtime.distributions import Declared

V = 3
SEQUENCES = torch.tensor(list(product(range(V), repeat=2)))
PROMPT = torch.tensor([[0, 2]])


class Policy(nn.Module):
    """Two tokens of three after a prompt of two, the second after the first."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.first = nn.Linear(2, V).double()
        self.second = nn.Linear(2 + V, V).double()
        self.asked: Counter[str] = Counter()

    def _second(self, prompt: Tensor, first: Tensor) -> Tensor:
        before = nn.functional.one_hot(first, V)
        logits: Tensor = self.second(torch.cat([prompt, before], -1).double())
        return logits

    def sample(self, prompt: Tensor) -> Tensor:
        """``[N, 2]``."""
        self.asked["sample"] += 1
        first = Categorical(logits=self.first(prompt.double())).sample()
        second = Categorical(logits=self._second(prompt, first)).sample()
        return torch.stack([first, second], -1)

    def log_prob(self, value: Tensor, prompt: Tensor) -> Tensor:
        """``[N]``."""
        self.asked["log_prob"] += 1
        logits = self.first(prompt.double()), self._second(prompt, value[:, 0])
        chosen = [row.log_softmax(-1).gather(-1, value[:, i, None]) for i, row in enumerate(logits)]
        return torch.cat(chosen, -1).sum(-1)


TUNED = """
story Tuned
dim P
dim T = 2
plate prompts
input prompt[prompts, P]: int
distribution policy discrete: [P]: int -> [T]: int
distribution ref discrete frozen: [P]: int -> [T]: int
function reward batched nondiff: [P]: int, [T]: int -> []
sample y ~ policy(prompt) with {}
cost r = -reward(prompt, y)
cost kl = 0.3 * (log_prob(policy(prompt), y) - log_prob(ref(prompt), y))
"""


def _reward(prompt: Tensor, value: Tensor) -> Tensor:
    return (prompt.sum(-1) * value[:, 0] - value[:, 1] ** 2).double()


def _tuned(method: str) -> Any:
    made = storchc.load(text=TUNED.format(method))
    return made(policy=Policy(1), ref=Policy(2), reward=_reward)


def _exact(model: Any) -> Tensor:
    prompt = PROMPT.expand(len(SEQUENCES), -1)
    log_prob = model.policy.log_prob(SEQUENCES, prompt)
    other = model.ref.module.log_prob(SEQUENCES, prompt).detach()
    total: Tensor = log_prob.exp() @ (-_reward(prompt, SEQUENCES) + 0.3 * (log_prob - other))
    return total


@pytest.mark.parametrize(
    "method",
    [
        "ScoreFunction(n=2, baseline=batch_average)",
        "ScoreFunction(n=2, baseline=none)",
    ],
)
def test_the_mean_over_all_outcomes_is_the_exact_gradient(method: str) -> None:
    model = _tuned(method)
    weights = list(model.policy.parameters())
    log_probs = model.policy.log_prob(SEQUENCES, PROMPT.expand(len(SEQUENCES), -1)).detach()
    found, cost = [torch.zeros_like(w) for w in weights], torch.zeros(()).double()
    for a, b in product(range(len(SEQUENCES)), repeat=2):
        probability = (log_probs[a] + log_probs[b]).exp()
        estimate = model(PROMPT, given={"y": SEQUENCES[[a, b]][:, None]})
        gradient = torch.autograd.grad(estimate.loss, weights)
        found = [f + probability * g for f, g in zip(found, gradient, strict=True)]
        cost += probability * estimate.cost
    exact = _exact(model)
    wanted = torch.autograd.grad(exact, weights)
    torch.testing.assert_close(found, list(wanted), rtol=0, atol=1e-10)
    torch.testing.assert_close(cost, exact.detach(), rtol=0, atol=1e-10)


def test_score_and_log_probability_take_one_pass() -> None:
    model = _tuned("ScoreFunction(n=2, baseline=batch_average)")
    estimate = model(PROMPT)
    estimate.backward()
    assert estimate.log_probs["y"].shape == (2, 1)
    assert model.policy.asked == {"sample": 1, "log_prob": 1}
    assert model.ref.module.asked == {"log_prob": 1}
    assert {n.split(".")[0] for n, _ in model.named_parameters()} == {"policy"}
    assert all(p.grad is None for p in model.ref.module.parameters())


def test_it_is_asked_anew_of_other_values_and_once_gradients_are_wanted() -> None:
    policy = Policy(1)
    law = Declared("policy", (1,), (2,), "int").of(policy, PROMPT)
    value, other = SEQUENCES[:1], SEQUENCES[5:6]
    with torch.no_grad():
        before = law.log_prob(value)
    assert law.log_prob(value).requires_grad and not before.requires_grad
    assert policy.asked["log_prob"] == 2
    assert law.log_prob(other) != law.log_prob(value)
    wanted = policy.log_prob(other, PROMPT)
    torch.testing.assert_close(law.log_prob(other), wanted, rtol=0, atol=0)


# --- the same as a family ------------------------------------------------------------------------


class Gaussian:
    """A normal law around what it is given, drawn as the runtime draws it."""

    def sample(self, mean: Tensor) -> Tensor:
        """``[N, D]``."""
        return torch.normal(mean, 0.5)

    def rsample(self, mean: Tensor) -> Tensor:
        """``[N, D]``."""
        return mean + 0.5 * torch.randn_like(mean)

    def log_prob(self, value: Tensor, mean: Tensor) -> Tensor:
        """``[N]``."""
        log_prob: Tensor = Normal(mean, 0.5).log_prob(value).sum(-1)
        return log_prob

    def entropy(self, mean: Tensor) -> Tensor:
        """``[N]``."""
        entropy: Tensor = Normal(mean, 0.5).entropy().sum(-1)
        return entropy


ALIKE = {
    "plates": """
compute q = {q}
sample z ~ q with ScoreFunction(n=3, baseline=batch_average)
cost c = sum((z - x) ** 2 * w) + 0.1 * log_prob(q, z) - entropy(q)
""",
    "in": """
sample a ~ Normal(w, 1) with ScoreFunction(n=3)
sample z ~ {qa} with ScoreFunction() in a
cost c = sum((z - x) ** 2) + sum(a * z)
""",
    "below": """
sample a ~ Normal(w, 1) with ScoreFunction(n=2)
sample z ~ {qa} with ScoreFunction(n=3)
cost c = sum((z - x) ** 2) + sum(a * z)
""",
    "weighted": """
sample z ~ Normal(x * w, 0.7) with ScoreFunction() using ImportanceSampling(n=4, proposal={q})
cost c = sum((z - x) ** 2)
""",
    "target": """
sample z ~ {q} with ScoreFunction() using ImportanceSampling(n=4, proposal=Normal(x, 0.9))
cost c = sum((z - x) ** 2)
""",
    "vector": """
sample z ~ Normal(x * w, 0.5) with ScoreFunction() using ImportanceSampling(n=4, proposal={v})
cost c = sum((z - x) ** 2)
""",
    "multi-sample": """
sample z ~ {q} with VIMCO(n=4)
cost c = -logmeanexp(sum(-(z - x) ** 2) + sum(w * z), over=z)
""",
    "loop": """
for t in range(3) from h = zeros([2]):
    sample z ~ {qh} with ScoreFunction(n=3)
    compute h = 0.5 * h + z
    cost c = sum((h - x) ** 2)
    stop when h[0] > 0.6
""",
    "observed": """
sample a ~ Normal(w, 1) with ScoreFunction(n=3)
observe x ~ {qa}
""",
    "apart": """
sample a ~ Normal(w, 1) with ScoreFunction(n=3)
compute v = stack([x, 2 * x, a])
cost c = -log_prob({q}, v)
""",
}
HEAD = """
story Alike
plate data
input x[data, 2]
param w[2] = tensor([0.4, -0.3])
distribution law: [2] -> [2]
"""


@pytest.mark.parametrize("body", ALIKE)
def test_it_is_estimated_as_the_family_that_it_behaves_as(body: str) -> None:
    laws = {"q": "x * w", "qa": "a + x * w", "qh": "h + x * w"}
    wide = "Normal(x, sqrt(0.5))"
    vector = "MultivariateNormal(x, covariance_matrix=0.5 * eye(2))"
    written = {
        "law": {name: f"law({mean})" for name, mean in laws.items()},
        "family": {name: f"Normal({mean}, 0.5)" for name, mean in laws.items()},
    }
    family = HEAD.replace("distribution law: [2] -> [2]\n", "")
    own = storchc.load(text=HEAD + ALIKE[body].format(v=vector, **written["law"]).lstrip())(
        law=Gaussian()
    )
    other = storchc.load(text=family + ALIKE[body].format(v=wide, **written["family"]).lstrip())()
    x = torch.tensor([[0.3, -0.8], [1.1, 0.4]], dtype=torch.float64)
    own, other = own.double(), other.double()
    torch.manual_seed(0)
    drawn = other(x)
    seen = own(x, given=dict(drawn.samples))
    again = other(x, given=dict(drawn.samples))
    torch.testing.assert_close(seen.cost, again.cost, rtol=0, atol=1e-12)
    (found,) = torch.autograd.grad(seen.loss, [own.w])
    (wanted,) = torch.autograd.grad(again.loss, [other.w])
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-12)
    assert own(x).cost.isfinite()


def test_a_reparameterized_one_carries_gradients_through_its_values() -> None:
    body = "sample z ~ law(x * w) with {}\ncost c = sum((z - x) ** 2 * w)\n"
    story = HEAD.replace("law:", "law reparameterized:") + body
    x = torch.tensor([[0.3, -0.8], [1.1, 0.4]], dtype=torch.float64)
    for method in ("Reparameterization(n=3)", "Infer(n=3)"):
        model = storchc.load(text=story.format(method))(law=Gaussian()).double()
        torch.manual_seed(2)
        estimate = model(x)
        (found,) = torch.autograd.grad(estimate.loss, [model.w])
        w = model.w.detach().requires_grad_()
        torch.manual_seed(2)
        z = Gaussian().rsample((x * w).expand(3, 2, 2).reshape(6, 2)).view(3, 2, 2)
        (wanted,) = torch.autograd.grad(((z - x) ** 2 * w).sum(-1).mean(), [w])
        torch.testing.assert_close(found, wanted, rtol=0, atol=1e-12)
        with pytest.raises(TypeError, match="re-attached"):
            model(x, given={"z": estimate.samples["z"]})
