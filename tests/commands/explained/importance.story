story Importance
"""A multi-sample objective: the cost depends on all draws at once."""

plate data
input x[data]
param m = 0.0

sample z ~ Normal(m, 1) using ImportanceSampling(n=8, proposal=Normal(0, 3))
sample a ~ Normal(x, 1) with ScoreFunction(n=5)
cost bound = -logmeanexp(log_prob(Normal(a, 1), x), over=a)
cost square = z * z
