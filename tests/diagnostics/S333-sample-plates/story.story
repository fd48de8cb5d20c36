story SamplePlates
plate data
input x[data]
param m = 0.0
sample z ~ Normal(m, 1) with Reparameterization(n=3)
cost c = sum(z, over=z)
cost d = max(z * x, over=[data, z])
