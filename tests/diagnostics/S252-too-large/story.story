story Example
param m = 1e39
sample z ~ Normal(m, 1)
cost c = z ** 2
