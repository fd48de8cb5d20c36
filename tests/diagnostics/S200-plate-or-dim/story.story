story Example
input x[data, 4]
param m = 0
sample z ~ Normal(m, 1)
cost c = sum(x * z)
