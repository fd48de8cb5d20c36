"""A story that has a statement of every form, as text and as YAML, for the tests beside it."""

STORY = '''\
story Everything
"""One "statement" of each form.

With a \\ backslash."""

dim K = 2
dim D
plate data   # averaged
plate sites sum
input x[data, 784]
input mask[data, K]: bool
input steps: int
input beta
param w[K, 2 * K - 1] = normal(0, 0.1)
param s = -1
module enc: [784] -> [K * 2]
module cell nondiff: [K], ([K], [K]) -> [K]: int, ([K], [K]) = nn.LSTMCell(K, 3, bias=false)
function reward batched stateful: [K], [K]: int -> []
function score: [K] -> [] = package.module.score
use package.methods: Mine

compute q = Normal(enc(x), exp(s))
compute a, b = cell(
    w[0], [1, 2],  # goes on
)
sample z ~ q each data, sites with Score(n=10, baseline=average) using Antithetic() in p
sample y ~ q.base each data
cost kl = kl_divergence(q, Normal(0, 1)) * beta
cost a
observe x ~ q
observe n = x + 1 ~ q
report mean = mean(z, over=z)
report b
for t in range(2 * K) from h = w, y = one_hot(0, K):
    compute h = cell(y, h)
    for u in range(3):
        report inner = h
    stop when argmax(h) == 3 and not alive
cost last = h if a < 3 else z[..., 1:3, ::2, t] ** -2 // 3 @ 1_000 % .5e-3
'''

YAML = """\
story: Everything
doc: "One \\"statement\\" of each form.\\n\\nWith a \\\\ backslash."
plates: [data, "sites sum"]
dims: {K: 2, D: }
inputs:
  x: "[data, 784]"
  mask: "[data, K]: bool"
  steps: ": int"
  beta:
use: ["package.methods: Mine"]
params: {w: "[K, 2 * K - 1] = normal(0, 0.1)", s: = -1}
modules:
  enc: "[784] -> [K * 2]"
  cell: "nondiff: [K], ([K], [K]) -> [K]: int, ([K], [K]) = nn.LSTMCell(K, 3, bias=false)"
functions:
  reward: "batched stateful: [K], [K]: int -> []"
  score: "[K] -> [] = package.module.score"
steps:
  - compute: q = Normal(enc(x), exp(s))
  - compute: {name: [a, b], value: "cell(w[0], [1, 2])"}
  - sample:
      name: z
      from: q
      each: [data, sites]
      with: {Score: {n: 10, baseline: average}}
      using: Antithetic
      in: p
  - sample: {name: y, from: q.base, each: data}
  - cost: >
      kl = kl_divergence(q,
        Normal(0, 1)) * beta
  - cost: a
  - observe: {name: x, from: q}
  - observe: {name: n, value: x + 1, from: q}
  - report: mean = mean(z, over=z)
  - report: {name: b}
  - for: t in range(2 * K) from h = w, y = one_hot(0, K)
    do:
      - compute: h = cell(y, h)
      - for: u in range(3)
        do: [report: inner = h]
    stop: argmax(h) == 3 and not alive
  - cost: |
      last = h if a < 3 else z[..., 1:3, ::2, t] ** -2 // 3 @ 1_000 % .5e-3
"""
