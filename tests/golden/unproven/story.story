story Unproven
"""What ranges do not prove is looked at in the first call."""

plate data
input x[data]
module scale: [] -> []
module rate: [1] -> [1] = nn.Sequential(nn.Linear(1, 1), nn.Softplus())
param p = 0.5

sample z ~ Normal(0, scale(x)) with Reparameterization()
sample g ~ Gamma(2, rate(unsqueeze(x, 0))[0]) with Reparameterization()
sample b ~ Bernoulli(probs=p) with ScoreFunction()
sample proven ~ Normal(0, exp(p)) with Reparameterization()
cost c = (z - b) ** 2 + g + proven
