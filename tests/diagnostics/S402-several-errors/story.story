story SeveralErrors
plate data
input x[data]
param m = 0.0
sample a ~ Normal(x, 1) with Reparameterization()
sample b ~ Bernoulli(logits=a) with Reparameterization()
sample d ~ Normal(m, 1) with ScoreFunction(baseline=batch_average)
sample e ~ Bernoulli(logits=x) with Expect()
sample f ~ Normal(m, 1)
cost c = round(a) + b + d + mean(e, over=data)
