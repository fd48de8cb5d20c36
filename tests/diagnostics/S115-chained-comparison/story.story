story Example
param m = 0.0
sample z ~ Normal(m, 1)
cost inside = where(-1 < z < 1, 0, 1)
