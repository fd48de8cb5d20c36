story IdleBaseline
plate data
input x[data]
param m = 0.0
module value: [] -> []
compute h = value(x)
sample a ~ Normal(m + x, 1) with ScoreFunction(baseline=m * x)
sample b ~ Normal(m + h, 1) with ScoreFunction(baseline=value(x))
cost c = (a - b) ** 2
