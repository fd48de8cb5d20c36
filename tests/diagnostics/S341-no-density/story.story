story NoDensity
plate data
input n[data]: int
param m = 0.0
sample z ~ Normal(m, 1)
compute less = -1.0
observe less ~ Exponential(exp(m))
compute seven = 7
observe seven ~ Categorical(logits=stack([m, 0.0, 1.0]))
cost a = log_prob(Beta(1, 2), 2 + z ** 2)
cost b = log_prob(Poisson(exp(m)), -exp(z))
observe n ~ Poisson(exp(m + z))
cost c = log_prob(Exponential(1), z)
