story class
dim def = 2
input lambda[def]
param m = 0.0
sample yield ~ Normal(m, 1)
cost return = yield * sum(lambda)
