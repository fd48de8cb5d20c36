story MixtureDensityNetwork
"""Bishop's network (1994), whose outputs are the weights, means and one width each of a mixture."""

dim K = 3
dim T = 2
plate data
input  x[data, 4]
input  y[data, T]
module net: [4] -> [K * (T + 2)] = nn.Linear(4, K * (T + 2))

compute h = reshape(net(x), [K, T + 2])
observe y ~ MixtureSameFamily(Categorical(logits=h[:, 0]), Independent(Normal(h[:, 2:], exp(h[:, 1:2])), 1))
