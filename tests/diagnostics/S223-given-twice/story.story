story GivenTwice
param w[4] = 0.0
sample z ~ Normal(w, 1)
compute a = sum(z, 0, dim=0)
cost c = log_prob(Normal(w, 1), distribution=z)
