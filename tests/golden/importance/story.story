story Importance
"""A rare event is drawn from a proposal that sees it often."""

plate data
input x[data]
param mu[] = 0.0
param nu[] = 1.0

sample z ~ Normal(mu, 1) with ScoreFunction() using ImportanceSampling(n=8, proposal=Normal(stop_gradient(nu), 2))
sample y ~ Normal(z + x, 1) in z
cost   rare = sigmoid(4 * (y - 2))
cost   bound = -logmeanexp(log_prob(Normal(z, 1), x), over=z)
