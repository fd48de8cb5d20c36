story BatchStatistics
plate data
input x[data, 4]
module net: [4] -> [4] = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.ReLU())
# Above the sample, and below a pathwise one, nothing is wrong with it.
sample z ~ Bernoulli(logits=net(x)) with ScoreFunction(n=2, baseline=batch_average)
sample y ~ Normal(x, 1) with Reparameterization()
cost c = sum(net(z)) + sum(net(y))
