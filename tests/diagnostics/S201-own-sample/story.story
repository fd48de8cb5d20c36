story OwnSample
param m = 0.0
module critic: [] -> []
sample a ~ Normal(m, 1) with ScoreFunction(n=4, baseline=critic(a))
sample b ~ Normal(b, 1)
sample d ~ Normal(m, 1) with ScoreFunction(baseline=critic(e))
compute e = d + 1
cost c = a + b + e
