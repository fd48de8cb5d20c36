story Example
param m[3] = zeros()
compute q = Gaussian(m, 1)
sample z ~ MultivariateNormal(m, diag(exp(m)))
sample d ~ Dirac(z)
cost c = sum(detach(z)) + bce_loss(z, m) + len(m)
