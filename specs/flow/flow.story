story Flow
"""Variational auto-encoder with latent variables between 0 and 1: its posterior is a bent normal."""

dim L = 4
plate data

input  x[data, 64]
module encoder: [64] -> [3 * L] = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 3 * L))
module decoder: [L] -> [64] = nn.Sequential(nn.Linear(L, 128), nn.ReLU(), nn.Linear(128, 64))

compute h = reshape(encoder(x), [3, L])
compute q = TransformedDistribution(Normal(h[0], exp(h[1])), [SigmoidTransform(), PowerTransform(exp(h[2]))])
sample  z ~ q with Reparameterization(n=1)
cost    divergence = log_prob(q, z) - log_prob(Uniform(zeros([L]), 1), z)
cost    reconstruction = sum(binary_cross_entropy_with_logits(decoder(z), x))
