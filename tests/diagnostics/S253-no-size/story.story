story Example
plate data
input x[data, 4]
module f: [4] -> [1] = nn.Linear(4, 0.1)
sample z ~ Normal(f(x), 1)
cost c = sum(z ** 2)
