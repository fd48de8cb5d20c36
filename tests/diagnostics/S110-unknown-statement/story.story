story Example
param m = 0.0
smaple z ~ Normal(m, 1)
cost square = z ** 2
