story ConcreteDropout
"""Concrete dropout (Gal et al. 2017): the rate of a relaxed mask learns."""

dim D = 4
plate data
input x[data, D]
input y[data]
param p_logit = 0.1
param w[D] = normal(0, 1)
compute p = sigmoid(p_logit)
sample u ~ Uniform(zeros([D]), 1) with Reparameterization()
compute z = sigmoid((log(p + 1e-7) - log(1 - p + 1e-7) + log(u + 1e-7) - log(1 - u + 1e-7)) / 0.1)
cost mse = (y - sum(x * (1 - z) / (1 - p) * w)) ** 2
cost reg = 1e-3 * (sum(w ** 2) / (1 - p) + D * (p * log(p) + (1 - p) * log(1 - p)))
