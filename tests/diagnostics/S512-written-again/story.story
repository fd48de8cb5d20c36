story Example
plate data
input x[data]
param m = 0.0
sample z ~ Normal(m * x, 1) with ScoreFunction()
compute advantage = stop_gradient((z - x) ** 2)
compute lp = log_prob(Normal(m * x, 1), z)
cost c = -lp * advantage
