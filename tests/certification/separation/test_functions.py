"""What each function does to values of factors apart: the same value and gradient as if joined."""

from __future__ import annotations

import re

import pytest
import torch

from tests.certification.harness import case, derivatives, parameters
from tests.certification.separation.test_factors_apart import separated

HEAD = """
story T
plate data
input x[data]
param v[4] = tensor([0.6, -0.8, 0.3, 1.1])
param m[2, 3] = tensor([[0.2, -0.4, 0.9], [1.0, 0.3, -0.7]])
"""
SAMPLES = {
    "z": "OneHotCategorical(logits=outer(v, stack([x, 0.3])))",
    "k": "Categorical(logits=outer(v, stack([0.1, x])))",
    "b": "Bernoulli(logits=x * (outer(v[:2], v[:3]) + v[:3]))",
    "w": "Bernoulli(logits=unsqueeze(v, 0))",
    "s": "Bernoulli(logits=concat([v, v[:2]], 0))",
}
KEPT = [  # followed by a function that no sum may stand in front of
    "{e}",
    "(z @ m)",
    "(z @ m[:, 0])",
    "(transpose(m, 0, 1) @ unsqueeze(z, -1))",
    "(v[:2] @ unsqueeze(z, -1))",
    "(unsqueeze(v, -1) * unsqueeze(z @ m, 0))",
    "linear(z, transpose(m, 0, 1))",
    'einsum("kc,ch->hk", z, m)',
    'einsum("kc,c->k", z, v[:2])',
    "sum(z, dim=1)",
    "sum(z * v[:2], dim=-1, keepdim=true)",
    "max(z * v[:2], dim=1)",
    "logsumexp(z * v[:2], dim=-1)",
    "prod(z + x, dim=1)",
    "var(z * x, dim=1)",
    "softmax(z * v[:2], dim=-1)",
    "log_softmax(z * v[:2])",
    "normalize(z + v[:2])",
    "(w * outer(v, v))[2, :3]",
    "(w * outer(v, v))[1:, 2]",
    "(w + outer(v, v))[-1, 1:]",
    "(z * unsqueeze(w, -1))",
    "(w[0] * unsqueeze(v, -1))[:, 3]",
    "cumsum(z * v[:2], dim=1)",
    "topk(z * v[:2], 1, dim=1)",
    "transpose(z, 0, 1)",
    "permute(z, [1, 0])",
    "flip(z, 1)",
    "roll(z * x, 1, 1)",
    "unsqueeze(z, 0)",
    "unsqueeze(z, 1)",
    "squeeze(unsqueeze(z, 0), 0)",
    "reshape(z, [1, 4, 2])",
    "reshape(z, [4, 2, 1])",
    "reshape(b, [2, 3, 1])",
    "flatten(unsqueeze(z, -1), 1)",
    "z[:, 0]",
    "z[..., 1]",
    "z[1:, :]",
    "z[-1]",
    "z[::2][1]",
    "z[:, argmax(v[:2])]",
    "b[1]",
    "b[:, 2]",
    "b[0:2, 1:]",
    "outer(v, k)",
    "outer(k, v)",
    "one_hot(k, 2)",
    "embedding(k, m)",
    "m[k]",
    "m[:, k % 2]",
    "v[k]",
    "take(v, k)",
    "where(k > 0, v, x)",
    "(v if 1 > 2 else k * x)",
    "mse_loss(z @ m[:, 0], v)",
    "binary_cross_entropy_with_logits(b * x, b)",
    "q.mean",
    "log_prob(Normal(z[1], 1), v[:2])",
    "entropy(Bernoulli(logits=z[0]))",
    "logmeanexp(s * x, over=data)",
    "max(s * x, over=data)",
]
LINEAR = [
    "(z - x)",
    "-z",
    "(v[:2] * z / (1 + x ** 2))",
    "sum(z, dim=0)",
    "mean(b, dim=[0, 1], keepdim=true)",
    "cumsum(z, dim=0)",
    "flatten(z)",
    "reshape(b, [3, 2])",
    "concat([flatten(z), v], 0)",
    "stack([z[0], z[1] ** 2])",
    "dot(v, k * x)",
    "outer(sum(z, dim=0), v)",
    'einsum("kc,k->c", z, v)',
    "linear(transpose(z, 0, 1), outer(v[:3], v))",
    "trace(b[:, :2])",
    "tril(b)",
    "roll(z, 1, 0)",
    "flip(z, 0)",
    "where(x > 0, sum(z, dim=0), v[:2])",
    "(sum(z, dim=0) if 1 > 0 else v[:2])",
    "sum(z, dim=0)[1]",
    "take(sum(z, dim=1) * 1, 2)",
    "transpose(b, 0, 1)[2]",
    "log_prob(q, outer(v, v[:3]))",
    "broadcast_to(sum(k), [3])",
    "(sum(z) + sum(k) * 2)",
    "mean(sum(s * x), over=data)",
    "(s[1:] * s[:-1])[0]",
    "(s[1:] * s[:-1]) / x",
]


def both(written: str, names: tuple[str, ...] = ()) -> None:
    """Compare the story with the same one whose factors are joined.

    Its samples are those ``names``, or those of which something is written.
    """
    law = "compute q = Normal(z @ m, 1.5)\n" if re.search(r"\bq\b", written) else ""
    said = law + written
    names = names or tuple(name for name in SAMPLES if re.search(rf"\b{name}\b", said))
    drawn = "".join(f"sample {name} ~ {SAMPLES[name]} with Expect()\n" for name in names)
    sums = " + ".join(f"sum({name})" for name in names)
    text = f"{HEAD}{drawn}{law}cost c = {written}\ncost d = 0.1 * ({sums})"
    assert separated(text, names)
    largest = " + ".join(f"0 * max({name})" for name in names)
    joined = f"{text}\ncost j = {largest}"
    assert separated(joined, ())
    results = []
    for story in (text, joined):
        this = case(story, {"x": [0.7, -1.2]})
        model = this.model()
        leaves = {**parameters(model), **this.inputs}
        loss = model(**this.inputs).loss
        results.append([loss, *derivatives(loss, leaves).values()])
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("value", KEPT)
def test_functions_that_keep_factors_apart(value: str) -> None:
    both(f"sum(tanh({value} + x) ** 2)" if value != "{e}" else "sum(exp(b * x) ** 2)")


def test_many_samples_of_which_some_are_looked_at() -> None:
    both("sum(exp(b * x) ** 2) + sum(z * v[:2], dim=1)[0]", tuple(SAMPLES))


@pytest.mark.parametrize("value", LINEAR)
def test_linear_functions_of_all_factors(value: str) -> None:
    both(f"sum({value} * 0.7 + x)")
