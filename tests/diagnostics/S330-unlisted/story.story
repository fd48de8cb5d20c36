story Unlisted
plate data
plate sites sum
input x[data]
param m = 0.0
sample z ~ Normal(m, 1)
cost c = z * x
