story Example
param m = 0.0
sample z ~ Normal(m, 1)
cost square = (z ** 2)(z)
cost d = pi(z)
