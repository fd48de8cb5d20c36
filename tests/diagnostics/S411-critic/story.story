story CoupledCritic
plate data
input x[data, 4]
module critic: [4] -> [] = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 1), nn.Flatten(0))
sample z ~ Bernoulli(logits=x) with RELAX(c_phi=critic)
cost c = sum(z)
