story Flipout
"""Flipout (Wen et al. 2018): one perturbation of the weights, with signs of its own for each datum."""

dim D = 4
dim C = 3
plate data
input x[data, D]
input y[data]: int
param mu[C, D] = normal(0, 0.3)
param rho[C, D] = normal(-1, 0.1)

sample  shift ~ Normal(zeros([C, D]), softplus(rho)) with Reparameterization()
sample  s ~ Bernoulli(probs=full([D], 0.5)) each data in shift
sample  r ~ Bernoulli(probs=full([C], 0.5)) each data in shift
compute score = mu @ x + (2 * r - 1) * (shift @ (x * (2 * s - 1)))
observe y ~ Categorical(logits=score)
cost    kl = kl_divergence(Normal(mu, softplus(rho)), Normal(0, 1)) / 100
