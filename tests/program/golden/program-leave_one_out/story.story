story Plain
plate data
input x[data]
param w = 0.1
sample z ~ Bernoulli(logits=w * x) with ScoreFunction(n=3)
compute h = z * x
sample y ~ Normal(h, 1) with Reparameterization()
cost c = (y - x) ** 2
cost size = 0.1 * w ** 2
report hits = mean(z, over=data)
