story Example
param m = 0.0
"""The mean of z."""
sample z ~ Normal(m, 1)
cost square = z ** 2
