story Paths
plate data
input x[data]
param w = 0.1
module value: [] -> []
compute q = Normal(w * x, 1)
sample z ~ q
compute x_hat = z + w
sample y ~ Normal(x_hat, 1) with ScoreFunction(baseline=value(x))
cost reconstruction = y * x
cost alone = w * 2
report r = z + y
