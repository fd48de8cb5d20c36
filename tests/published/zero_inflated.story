story SCVI
"""Counts of genes (scVI; Lopez et al. 2018): a zero-inflated negative binomial, its density written out."""

dim G = 5
dim L = 2
plate cells
input x[cells, G]
param log_theta[G] = normal(0, 1)
module enc: [G] -> [2, L]
module enc_l: [G] -> [2]
module scale: [L] -> [G] = nn.Sequential(nn.Linear(L, G), nn.Softmax(dim=-1))
module drop: [L] -> [G] = nn.Linear(L, G)
compute h = enc(log(1 + x))
compute q = Normal(h[0], exp(h[1]) + 1e-4)
sample z ~ q with Reparameterization()
compute hl = enc_l(log(1 + x))
compute ql = Normal(hl[0], exp(hl[1]))
sample l ~ ql with Reparameterization()
cost kl = kl_divergence(q, Normal(0, 1)) + kl_divergence(ql, Normal(7.0, 0.5))
compute mu = exp(l) * scale(z)
compute theta = exp(log_theta)
compute pi_ = drop(z)
compute softplus_pi = softplus(-pi_)
compute log_theta_mu = log(theta + mu + 1e-8)
compute pi_theta_log = -pi_ + theta * (log(theta + 1e-8) - log_theta_mu)
compute zero = softplus(pi_theta_log) - softplus_pi
compute more = -softplus_pi + pi_theta_log + x * (log(mu + 1e-8) - log_theta_mu) + lgamma(x + theta) - lgamma(theta) - lgamma(x + 1)
cost nll = -sum(where(x < 1e-8, zero, more))
