story Infinite
param m = 0.0
cost a = kl_divergence(Uniform(-1, 1), Exponential(exp(m)))
cost b = kl_divergence(Uniform(0, 2), Beta(exp(m), 1))
cost c = kl_divergence(Uniform(0.1, 0.9), Beta(exp(m), 1))
cost d = kl_divergence(Exponential(exp(m)), Normal(m, 1))
