story Numbers
param m = 0.0
sample z ~ Normal(m, 1) with ScoreFunction(n=3) using MonteCarlo(n=3)
sample y ~ Normal(z, 1) with ScoreFunction(n=3) in z
sample w ~ Normal(z, 1) with ScoreFunction() using MonteCarlo(n=3) in z
cost c = z + y + w
