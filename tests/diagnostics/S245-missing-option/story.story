story MissingOption
param m = 0.0
sample z ~ Normal(m, 1) with ScoreFunction() using ImportanceSampling()
cost c = z
