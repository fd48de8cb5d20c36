story Results
plate data
input x[data, 4]
module two: [4] -> [2], [2]
module one: [4] -> [4]
compute a = two(x)
compute b, d, e = two(x)
compute f, g = one(x)
compute h, i = x + 1
compute j, k = exp(x)
sample z ~ Normal(two(x), 1)
cost c = sum(two(x))
