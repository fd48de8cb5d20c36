story StickBreakingVAE
"""Stick-breaking auto-encoder (Nalisnick and Smyth 2017): Kumaraswamy sticks below a beta prior."""

dim K = 4
plate data
input x[data, 6]
module enc: [6] -> [2, K]
module dec: [K] -> [6] = nn.Linear(K, 6)
compute h = enc(x)
compute q = Kumaraswamy(softplus(h[0]), softplus(h[1]))
sample v ~ q with Reparameterization()
compute rest = cumprod(1 - v, 0)
compute sticks = v * concat([ones([1]), rest[0:K - 1]])
cost kl = log_prob(q, v) - log_prob(Beta(1, 5.0), v)
observe image = x ~ Bernoulli(logits=dec(sticks))
