story PlanarFlow
"""Planar normalizing flows (Rezende and Mohamed 2015) behind an amortised Gaussian."""

dim D = 6
dim L = 2
dim K = 3
plate data

input  x[data, D]
param  w[K, L] = normal(0, 0.1)
param  raw[K, L] = normal(0, 0.1)
param  b[K] = zeros()
module encode: [D] -> [2, L]
module decode: [L] -> [D] = nn.Sequential(nn.Linear(L, 8), nn.Tanh(), nn.Linear(8, D))

compute h = encode(x)
compute q = Normal(h[0], exp(h[1]))
sample  z_0 ~ q with Reparameterization()
for k in range(K) from z = z_0, log_det = 0.0:
    compute inner = sum(w[k] * raw[k])
    compute u = raw[k] + (-1 + softplus(inner) - inner) * w[k] / sum(w[k] ** 2)
    compute a = tanh(sum(w[k] * z) + b[k])
    compute log_det = log_det + log(abs(1 + (1 - a ** 2) * sum(w[k] * u)))
    compute z = z + u * a
cost    posterior = log_prob(q, z_0) - log_det
cost    prior = -log_prob(Normal(0, 1), z)
observe image = x ~ Bernoulli(logits=decode(z))
