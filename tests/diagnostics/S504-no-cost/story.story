story NoCost
param m = 0.0
sample z ~ Normal(m, 1)
report r = z
