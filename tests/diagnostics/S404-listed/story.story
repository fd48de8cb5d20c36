story Example
plate data
input x[data, 2]
distribution policy discrete: [2] -> [3]: int
sample y ~ policy(x) with Expect()
sample u ~ policy(x) with ScoreFunction() using WithoutReplacement(k=2)
sample v ~ policy(x) with Reparameterization()
cost c = sum(y * u * v)
