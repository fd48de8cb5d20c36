story CostShape
dim K = 4
plate data
input x[data, K]
param w[K] = 0.0
sample z ~ Normal(w, 1)
compute y = z ** 2
cost y
cost c = z - x
