story MixtureToy
"""A mixture of normals is fitted to a density of two banks: variational inference with a score alone."""

dim K = 3
param w[K] = zeros()
param m[K] = tensor([-1.0, 0.5, 2.0])
param s[K] = zeros()
compute q = MixtureSameFamily(Categorical(logits=w), Normal(m, exp(s)))
sample  z ~ q with ScoreFunction(n=16, baseline=batch_average)
compute target = MixtureSameFamily(Categorical(probs=tensor([0.3, 0.7])), Normal(tensor([-2.0, 1.0]), 0.5))
cost    kl = log_prob(q, z) - log_prob(target, z)
