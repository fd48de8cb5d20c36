story Mixture
"""A learned prior: each datum is coded by two numbers, and the codes lie in three heaps."""
dim K = 3
dim D = 2
plate data
input x[data, D]
module encoder: [D] -> [2 * D]
param w[K] = 0.0
param m[K, D] = normal(0, 1)
compute h = encoder(x)
compute q = Normal(h[:D], exp(h[D:]))
compute heaps = Independent(Normal(m, 1), 1)
compute prior = MixtureSameFamily(Categorical(logits=w), heaps)
sample z ~ q with Reparameterization(n=4)
cost kl = log_prob(q, z) - log_prob(prior, z)
sample y ~ MixtureSameFamily(Categorical(logits=w), Normal(z[0] * m[:, 0], 1)) with ScoreFunction()
cost miss = (y - x[0]) ** 2
observe mixed = x ~ MixtureSameFamily(Categorical(logits=w), Normal(zeros([D, 1]), exp(w)))
