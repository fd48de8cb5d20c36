story Lacking
plate data
input x[data]
param m = 0.0
sample z ~ Normal(m, 1)
sample y ~ Normal(z, 1) in z
cost c = mean(z, over=data)
cost d = mean(m, over=z)
cost e = mean(y, over=y)
cost f = mean(z * x, over=[z, z])
