story Example
input beta
param m = 0.0
sample z ~ Normal(m, 1)
compute kl = kl_divergence(Normal(m, 1), Normal(0, 1))
cost kl
cost fit = z ** 2
compute all = fit + beta * kl
cost all
