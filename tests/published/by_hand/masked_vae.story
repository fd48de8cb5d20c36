story MaskedVAE
"""A VAE where entries are missing (HI-VAE; Nazábal et al. 2020): zeros in their place, and no part of the likelihood."""

dim D = 6
dim L = 2
plate data
input  x[data, D]
input  seen[data, D]: bool
param  log_scale[D] = zeros()
module encode: [2 * D] -> [2 * L] = nn.Linear(2 * D, 2 * L)
module decode: [L] -> [D] = nn.Linear(L, D)

compute h = reshape(encode(concat([where(seen, x, 0), float(seen)])), [2, L])
compute q = Normal(h[0], exp(h[1]))
sample  z ~ q with Reparameterization(n=2)
cost    kl = kl_divergence(q, Normal(0, 1))
cost    missing = -sum(seen * log_prob(Normal(decode(z), exp(log_scale)), x, reduction="none"))
