story Live
plate data
input x[data]
input count[data]: int
param w = 0.3
module net: [] -> []
module judge nondiff: [] -> []
function f nondiff: [] -> []
compute a = w + count
compute b = round(a) + x
compute c = f(w) + judge(w)
compute d = stop_gradient(w)
compute e = net(1.0 * count)
sample pathwise ~ Normal(a, 1)
sample scored ~ Normal(a, 1) with ScoreFunction()
sample noise ~ Normal(0, 1)
sample fixed ~ Bernoulli(logits=c) with ScoreFunction()
sample relaxed ~ Bernoulli(logits=0.5) with GumbelSoftmax(temperature=w)
cost k = (pathwise + scored + noise + fixed + b + d + e) * relaxed
