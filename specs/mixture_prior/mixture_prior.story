story MixturePrior
"""Variational auto-encoder whose prior is learned: a mixture of K normal distributions."""

dim L = 4
dim K = 10
plate data

input  x[data, 64]
param  weights[K] = zeros()
param  means[K, L] = normal(0, 1)
param  log_scales[K, L] = zeros()
module encoder: [64] -> [2 * L] = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 2 * L))
module decoder: [L] -> [64] = nn.Sequential(nn.Linear(L, 128), nn.ReLU(), nn.Linear(128, 64))

compute prior = MixtureSameFamily(Categorical(logits=weights), Independent(Normal(means, exp(log_scales)), 1))
compute h = reshape(encoder(x), [2, L])
compute q = Normal(h[0], exp(h[1]))
sample  z ~ q with Reparameterization(n=1)
cost    divergence = log_prob(q, z) - log_prob(prior, z)
cost    reconstruction = sum(binary_cross_entropy_with_logits(decoder(z), x))
