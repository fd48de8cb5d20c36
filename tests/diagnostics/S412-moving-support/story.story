story MovingSupport
param a = 1.0
compute q = Uniform(0, a)
sample x ~ q with ScoreFunction()
sample y ~ Pareto(scale=exp(a), alpha=2) with ScoreFunction(n=2)
sample z ~ Uniform(0, a)
# Of parameters that do not learn nothing is said.
sample w ~ Uniform(0, stop_gradient(a)) with ScoreFunction()
sample u ~ q with STL()
cost d = log_prob(q, u)
cost c = x ** 2 + y * w + round(z)
