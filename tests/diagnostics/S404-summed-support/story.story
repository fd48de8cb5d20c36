story SumOverCounts
param r = 1.0
sample z ~ Poisson(rate=exp(r)) with RaoBlackwellSF(k=3)
sample y ~ Normal(r, 1) with ScoreFunction() using SumAndSample(sum_size=2)
cost c = z * y
