story Chain
"""Which of K regimes a series is in: a bound on its evidence, summed out step by step."""

dim K = 3
dim T
plate data

input  x[data, T]
param  mean[K] = normal(0, 1)
module transition: [K] -> [K]
module posterior: [K + 1] -> [K]

for t in range(T) from z = zeros([K]):
    compute p = OneHotCategorical(logits=transition(z))
    compute q = OneHotCategorical(logits=posterior(concat([z, stack([x[t]])])))
    sample  z ~ q with Expect()
    observe seen = x[t] ~ Normal(sum(z * mean), 1)
    cost    kl = kl_divergence(q, p)
cost end = sum(z * mean) ** 2
