story MixedPlates
"""A bound over samples: the cost joins all elements of the plates a and data."""

plate data sum
input  x[data]
input  beta
param  w[] = 0.5

sample a ~ Bernoulli(logits=w * x) with ScoreFunction(n=3, baseline=moving_average)
sample b ~ Bernoulli(logits=a + w) with ScoreFunction(baseline=w * x) in a
cost   bound = -logmeanexp(a * b * x, over=a)
cost   spread = beta * (mean(a, over=data) - 0.5) ** 2
