story Likely
plate data
input x[data, 2]
param m = 0.5
module raw: [] -> []
module line: [1] -> [1] = nn.Linear(1, 1)
module two: [1] -> [2] = nn.Sequential(nn.Linear(1, 4), nn.Tanh(), nn.Linear(4, 2))
module above: [1] -> [1] = nn.Sequential(nn.Linear(1, 1), nn.Softplus())
sample z ~ Normal(m, 1) with Reparameterization()
compute y = stack([z])
compute scale = 2 * line(y)
cost a = sum(z / scale)
cost b = sum((x[0] - z) ** 2 / (line(y) ** 2 + 1e-8))
cost c = z / abs(raw(z))
cost d = sum(layer_norm(two(y), [2])) + z / std(two(y))
cost e = z / tanh(raw(z)) + z / raw(z) + z / raw(z) ** 2
cost f = sum(z / above(y)) + sum(line(y) / (1 + line(y) ** 2)) + sum(x / line(x[:1]))
cost g = sum(continuous(z / line(y)))
