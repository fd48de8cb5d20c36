story NormalVAE
"""Variational auto-encoder with a normal latent variable; beta weighs the divergence."""

dim L = 8
plate data

input  x[data, 64]
input  beta
module encoder: [64] -> [2 * L] = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 2 * L))
module decoder: [L] -> [64] = nn.Sequential(nn.Linear(L, 128), nn.ReLU(), nn.Linear(128, 64))

compute h = reshape(encoder(x), [2, L])
compute q = Normal(h[0], exp(h[1]))
sample  z ~ q with Reparameterization(n=1)
cost    kl = beta * kl_divergence(q, Normal(0, 1))
cost    reconstruction = sum(binary_cross_entropy_with_logits(decoder(z), x))
