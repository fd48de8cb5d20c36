story Joins
plate data
input x[data]
param m = 0.0
sample z ~ Normal(m, 1)
sample y ~ Normal(z, 1) in z
sample w ~ Normal(y, 1) in y
sample v ~ Normal(x, 1) in data
sample u ~ Normal(x, 1) in u
cost c = w + v + u
