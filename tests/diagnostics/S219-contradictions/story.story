story Example
plate data
input x[data, 2]
distribution tokens: [2] -> [3]: int
distribution paths reparameterized discrete: [2] -> [3]
distribution whole reparameterized: [2] -> [3]: int
distribution state: ([2], [2]) -> [3]
distribution two: [2] -> [3], [3]
sample y ~ tokens(x) with ScoreFunction()
sample z ~ paths(x) with Reparameterization()
sample u ~ whole(x) with Reparameterization()
cost c = sum(y * z * u)
