story RadialFlow
"""A radial flow (Rezende and Mohamed 2015) behind an amortised Gaussian."""

dim L = 3
plate data
input x[data, L]
param z_r[L] = normal(0, 1)
param a_raw = 0.1
param b_raw = 0.2
module enc: [L] -> [2, L]
module dec: [L] -> [L] = nn.Linear(L, L)
compute h = enc(x)
compute q = Normal(h[0], exp(h[1]))
sample z_0 ~ q with Reparameterization()
compute alpha = softplus(a_raw)
compute beta = -alpha + softplus(b_raw)
compute r = norm(z_0 - z_r)
compute hh = 1 / (alpha + r)
compute z = z_0 + beta * hh * (z_0 - z_r)
compute log_det = (L - 1) * log(1 + beta * hh) + log(1 + beta * hh - beta * r * hh ** 2)
cost kl = log_prob(q, z_0) - log_det - log_prob(Normal(0, 1), z)
observe image = x ~ Normal(dec(z), 1)
