story Unbound
dim D
dim E
plate data
input x[data, D, 2 * E]
param m = 0.0
sample z ~ Normal(m, 1)
cost c = z * sum(x)
