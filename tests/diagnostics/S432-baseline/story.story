story Example
param w = 0.4
function f batched nondiff stateful: [] -> []
sample a ~ Bernoulli(logits=w) with ScoreFunction(baseline=w * f(w))
cost c = f(a)
