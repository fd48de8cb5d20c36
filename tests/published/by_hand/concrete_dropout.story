story ConcreteDropout
"""Concrete dropout (Gal et al. 2017): the rate of a relaxed mask learns, and each datum has a mask of its own."""

dim D = 4
plate data
input x[data, D]
input y[data]
param p_logit = -0.5
param w[D] = normal(0, 1)

compute p = sigmoid(p_logit)
sample  dropped ~ RelaxedBernoulli(0.1, logits=full([D], p_logit)) each data with Reparameterization()
cost    mse = (y - sum(x * (1 - dropped) / (1 - p) * w)) ** 2
cost    weights = 1e-3 * sum(w ** 2) / (1 - p)
cost    rate = -1e-3 * D * entropy(Bernoulli(probs=p))
