story OneSample
param m = 0.0
sample a ~ Normal(m, 1) with ScoreFunction(baseline=batch_average)
sample b ~ Normal(m, 1) with Reparameterization()
sample d ~ Normal(b, 1) with ScoreFunction(baseline=batch_average) in b
cost c = a * b * d
