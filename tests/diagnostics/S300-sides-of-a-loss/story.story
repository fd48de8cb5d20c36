story Example
plate data
input x[data, 4]
module f: [4] -> [4, 1]
sample z ~ Normal(x, 1)
cost c = sum(mse_loss(f(z), x))
