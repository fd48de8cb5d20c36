story Over
plate data
input x[data, 4]
param m = 0.0
sample z ~ Normal(m, 1)
cost c = mean(x, dim=0, over=data)
cost d = sum(mean(x, 0, over=data))
cost e = sum(exp(x, over=data))
cost f = sum(mean(x, over=0))
cost g = sum(mean(x, over=[]))
cost h = z
