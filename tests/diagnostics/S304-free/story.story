story Free
dim D
dim K = 2 * D
plate data
input x[data, D]
param w[D + 1] = 0.0
module net: [D] -> [D] = nn.Linear(D, D)
sample z ~ Normal(net(x), 1)
cost c = sum(z)
