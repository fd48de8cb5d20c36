story Options
param m = 0.0
sample z ~ Normal(m, 1) with ScoreFunction(baselin=none)
sample y ~ Normal(m, 1) with ScoreFunction() using MonteCarlo(samples=3)
cost c = z + y
