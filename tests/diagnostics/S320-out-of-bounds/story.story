story OutOfBounds
param p = 0.5
sample z ~ Normal(0, 0)
sample y ~ Bernoulli(1.5)
sample w ~ StudentT(df=2 - 3, scale=p)
sample v ~ Poisson(0)
cost c = z + y + w + v
