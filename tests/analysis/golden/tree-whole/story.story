story Whole
"""Every kind of statement, and of expression."""
dim K = 2
dim D
plate data
plate sites sum
input x[data, D]
input n: int
param w[K] = normal(0, 0.1)
module net: [D], ([K], [K]) -> [K] = nn.Sequential(nn.Linear(K, K, bias=false), nn.ReLU())
function f nondiff stateful: [K]: int -> [] = package.part.name
use package.methods: Mine
compute a, b = net(x, [w, -w])
sample z ~ Normal(a, 1) with Mine(n=2) using Antithetic(n=2)
sample y ~ Bernoulli(logits=b) in z
for t in range(n + 1) from h = w[0], g = pi:
    compute h = not (h > 1 and g < 2) if t == 0 else z[..., 1:2, :]
    for s in range(K):
        report r = q.mean
    stop when h > 1 or true
observe o = x ~ Normal("text", [1, 2])
cost c = f(z) ** 2 // 1e-3
cost y
report y
