story Example
plate data
input x[data, 5]
module f: [5] -> [4]
sample z ~ Normal(f(x).mean(), 1)
cost c = (z - 1).sum(dim=0)
compute y = Normal(z, 1).rsample()
cost d = y
