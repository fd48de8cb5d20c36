story Example
param w = 0.4
function f batched nondiff stateful: [] -> []
function g batched nondiff stateful: [] -> []
function h batched nondiff stateful: [] -> []
sample a ~ Bernoulli(logits=w) with Expect()
compute u = f(a)
sample b ~ Bernoulli(logits=w) with Expect()
cost c = f(b) + u
sample z ~ Normal(w, 1) with ScoreFunction() using ImportanceSampling(n=4, proposal=Normal(0, 1))
cost d = g(z)
cost e = g(w)
# Draws that weigh alike may be joined.
sample y ~ Normal(w, 1) with ScoreFunction(n=4)
cost i = h(y)
cost j = h(w)
