story Distinct
param w = 0.3
module net: [] -> []
module rows: [1] -> [1] = nn.Sequential(nn.Linear(1, 1), nn.BatchNorm1d(1))
module judge nondiff: [] -> []
function f stateful batched: [] -> []
function g: [] -> []
sample z ~ Bernoulli(logits=w) with ScoreFunction() using MonteCarlo(n=8, distinct=true)
sample y ~ Normal(w, 1) with ScoreFunction() using MonteCarlo(n=2, distinct=true)
cost a = judge(z) + judge(w * z)
cost b = sum(rows(stack([z])))
cost c = f(z) + g(z)
cost e = net(z) + net(w * z)
cost d = judge(y) + judge(w)
