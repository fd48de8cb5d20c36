story Indices
plate data
input x[data, 4, 4]
input i[data, 2]: int
param m = 0.0
sample z ~ Normal(m, 1)
compute a = x[x > 0]
compute b = x[1.5]
compute d = x[true]
compute e = x[..., ...]
compute f = x[::-1]
compute g = x[i, i]
cost c = z + sum(x[i])
