story Example
param pi = 0.0
sample z ~ Normal(pi, 1)
cost square = z ** 2
