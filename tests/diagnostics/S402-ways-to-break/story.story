story WaysToBreak
dim K = 3
plate data
input x[data, K]
param m[K] = 0.0
function reward nondiff: [K] -> []
module judge nondiff: [K] -> []
sample a ~ Normal(m, 1) with Reparameterization(n=2)
compute k = argmax(a)
cost first = sum(x[k])
sample b ~ Normal(m, 1) with Reparameterization(n=2)
cost second = reward(b) + judge(b)
sample d ~ Normal(m, 1) with Reparameterization() using MonteCarlo(n=4)
cost third = 1 if d[0] > 0 else d[1]
cost fourth = d[0] // 2 + d[1] % 2
sample e ~ OneHotCategorical(logits=m) with GumbelSoftmax(n=2, temperature=0.5)
cost fifth = sum(where(e == 1, x, 0)) + abs(e[0])
