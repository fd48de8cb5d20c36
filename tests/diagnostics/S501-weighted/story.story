story Weighted
plate data
input x[data]
sample a ~ Normal(x, 1) with ScoreFunction() using ImportanceSampling(n=4, proposal=Normal(0, 3))
sample b ~ Bernoulli(logits=a) with Expect()
cost right = logmeanexp(a * b, over=[data, b, a])
cost wrong = logmeanexp(a * b, over=[data, a])
