story Example
param m[3] = zeros()
compute q = Gaussian(m, 1)
sample z ~ MultivariateNormal(m, diag(exp(m)))
sample d ~ Dirac(z)
cost c = sum(detach(z)) + bce_loss(z, m) + len(m)
observe n = d[0] ~ ZeroInflatedPoisson(0.2, exp(m[0]))
observe o = d[1] ~ Mixture(m, 1)
observe p = d[2] ~ TanhNormal(m[0], 1)
