story Positional
param m = 0.0
sample z ~ Normal(m, 1) with ScoreFunction(10)
sample y ~ Normal(m, 1) with ScoreFunction() using MonteCarlo(3)
cost c = z + y
