story TooMany
plate data
input x[data, 4]
param m = 0.0
sample z ~ Normal(m, 1)
cost c = z[0] * x[0, 1] + x[..., 1, 2, 3]
