story Plates
plate data
input x[data]
param m = 0.0
sample z ~ Normal(m, 1)
sample y ~ Normal(m, 1) in zz
cost c = mean(x, over=dat) + y
cost d = mean(x * z, over=[data, nothing])
