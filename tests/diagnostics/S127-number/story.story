story Example
param m = 0.0
sample z ~ Normal(m, 1e999)
cost square = z ** 2
