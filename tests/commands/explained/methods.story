story Methods
plate sites sum
input x[sites]
param w[3] = normal(0, 1)
module critic: [] -> []
use my_methods.loo: LeaveOneOut

sample k ~ Categorical(logits=w) with Expect()
sample b ~ Bernoulli(logits=x) with GumbelSoftmax(temperature=0.5)
sample u ~ Normal(x, 1) with LeaveOneOut(n=4, clip=2)
sample v ~ Normal(u, 1) with ScoreFunction(baseline=critic(x)) in u
sample r ~ Normal(x, 1)
sample f ~ Poisson(exp(x))
cost c = k * b + v * v + r
cost d = f * f
report best = max(x, over=sites)
