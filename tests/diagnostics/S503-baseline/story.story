story Baseline
plate data
input x[data]
module critic: [] -> []
param m = 0.0
sample z ~ Normal(m, 1) with ScoreFunction(n=4, baseline=critic(x))
sample y ~ Normal(m, 1) with ScoreFunction(n=4, baseline=critic(z))
cost c = (z - x) ** 2 + y
