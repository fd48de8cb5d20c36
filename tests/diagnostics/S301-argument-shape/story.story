story ArgumentShape
dim D
plate data
input x[data, 28, 28]
input y[data, D]
module net: [784] -> [2]
module cell: [2], ([2], [2]) -> ([2], [2])
compute h = net(x)
compute i = net(y)
compute n = net(flatten(x))
compute a, b = cell(n, [n, x])
sample z ~ Normal(n, 1)
cost c = sum(z)
