story Unknown
dim K = 2
plate data
input targets[data, K]
param weight[Kk] = 0.0
sample z ~ Normal(weigth, 1)
sample y ~ q
cost c = sum(z - target)
cost d = xyz
cost alive_too = alive
