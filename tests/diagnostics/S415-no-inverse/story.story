story NoInverse
param a = 1.0
sample z ~ Gamma(exp(a), 1) using Antithetic(n=4)
compute q = Poisson(exp(a))
sample y ~ q with ScoreFunction() using QuasiMonteCarlo(n=4)
cost c = z + y
