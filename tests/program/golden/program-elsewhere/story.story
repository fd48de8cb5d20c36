story Elsewhere
plate data
input x[data]
param w = 0.1
param v = 0.2
sample z ~ Bernoulli(logits=w * x) with DisARM(n=4)
compute aside = exp(v * x)
sample y ~ Normal(z + aside, 1) with Reparameterization()
cost c = (y - x) ** 2 + aside
cost other = v ** 2
