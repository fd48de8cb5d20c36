story Costs
plate data
input x[data]
param m = 0.0
sample z ~ Normal(m, 1)
compute y = z ** 2
cost y
cost y
observe x ~ Normal(z, 1)
observe x ~ Normal(z, 2)
report y
report y
