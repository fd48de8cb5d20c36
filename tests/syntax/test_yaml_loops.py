"""Loops in YAML: everything of `for`, and the same module as from the story."""

from __future__ import annotations

import re

from storchc.driver import compile_story

STORY = """
story Loops
dim T
dim K = 2
plate data
input x[data, T]
param w[K] = 0.1
for t in range(T) from h = zeros([K]), n = 0:
    compute q = Normal(h * w + x[t], 1)
    sample z ~ q with ScoreFunction(n=2)
    compute h = tanh(z)
    cost early = sum(z ** 2)
    compute n = n + 1
    report seen = n
    stop when sum(h) > 1.5 or n == 3
for s in range(2 * K - 1):
    for r in range(K) from k = h:
        sample y ~ Bernoulli(logits=sum(k)) with ScoreFunction(n=1, baseline=moving_average)
        compute k = k * w + y
    observe o = sum(k) ~ Normal(sum(h), 1)
cost late = sum(sequence(z) * w) + n + sum(k)
"""
YAML = """
story: Loops
dims: {T: , K: 2}
plates: [data]
inputs: {x: "[data, T]"}
params: {w: "[K] = 0.1"}
steps:
  - for: t in range(T) from h = zeros([K]), n = 0
    do:
      - compute: q = Normal(h * w + x[t], 1)
      - sample: {name: z, from: q, with: {ScoreFunction: {n: 2}}}
      - compute: {name: h, value: tanh(z)}
      - cost: early = sum(z ** 2)
      - compute: n = n + 1
      - report: seen = n
    stop: sum(h) > 1.5 or n == 3
  - for: s in range(2 * K - 1)
    do:
      - for: |
          r in range(K)
          from k = h
        do:
          - sample: y ~ Bernoulli(logits=sum(k)) with ScoreFunction(n=1, baseline=moving_average)
          - compute: k = k * w + y
      - observe: {name: o, value: sum(k), from: "Normal(sum(h), 1)"}
  - cost: late = sum(sequence(z) * w) + n + sum(k)
"""


def module(name: str, text: str) -> str:
    """The generated module without the places in the story's file."""
    result = compile_story(name, text.encode())
    assert not result.failed, result.diagnostics
    assert result.code is not None
    return re.sub(rf"# {name}:\d+ .*|{name}(:\d+)?", "", result.code)


def test_both_forms_give_the_same_module() -> None:
    assert module("loops.yaml", YAML) == module("loops.story", STORY)
