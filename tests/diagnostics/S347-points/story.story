story Points
param w[3] = 0.0
compute q = Delta(w)
sample z ~ q
cost c = log_prob(q, z)
observe d = z ~ Delta(0)
cost e = sum(log_prob(q, z, reduction="none"))
cost f = entropy(q)
cost g = kl_divergence(q, Normal(0, 1))
