story OddPairs
param a = 1.0
sample z ~ Normal(a, 1) using Antithetic(n=3)
sample y ~ Normal(a, 1) using Antithetic(n=0)
cost c = z * y
