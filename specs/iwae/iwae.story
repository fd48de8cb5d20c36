story IWAE
"""Importance-weighted auto-encoder: the bound on log p(x) from all draws of z together."""

dim L = 8
plate data

input  x[data, 64]
module encoder: [64] -> [2 * L] = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 2 * L))
module decoder: [L] -> [64] = nn.Sequential(nn.Linear(L, 128), nn.ReLU(), nn.Linear(128, 64))

compute h = reshape(encoder(x), [2, L])
compute q = Normal(h[0], exp(h[1]))
sample  z ~ q with Reparameterization(n=8)
compute log_likelihood = -sum(binary_cross_entropy_with_logits(decoder(z), x))
compute log_weight = log_likelihood + log_prob(Normal(0, 1), z) - log_prob(q, z)
cost    bound = -logmeanexp(log_weight, over=z)
