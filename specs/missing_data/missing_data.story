story MissingData
"""Variational auto-encoder of images with missing pixels: only those that were seen count."""

dim L = 8
plate data

input  x[data, 64]
input  seen[data, 64]: bool
param  log_scale = -1
module encoder: [2, 64] -> [2 * L] = nn.Sequential(nn.Flatten(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 2 * L))
module decoder: [L] -> [64] = nn.Sequential(nn.Linear(L, 128), nn.ReLU(), nn.Linear(128, 64))

compute known = where(seen, x, 0)              # what is missing may be anything, also NaN
compute h = reshape(encoder(stack([known, float(seen)])), [2, L])
compute q = Normal(h[0], exp(h[1]))
sample  z ~ q with Reparameterization(n=1)
cost    kl = kl_divergence(q, Normal(0, 1))
compute x_hat = decoder(z)
cost    reconstruction = -sum(where(seen, log_prob(Normal(x_hat, exp(log_scale)), known, reduction="none"), 0))
report  imputed = x_hat
