story Example
sample z ~ Normal(m, 1)
param m = 0.0
cost square = z ** 2
