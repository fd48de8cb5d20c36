story Misfit
dim K = 3
dim L = 3
dim D
dim E
plate data
input x[data, K]
input y[data, D]
input v[data, E]
param w[4] = 0.0
sample z ~ Normal(w, 1)
compute a = x + w
compute b = y * v
compute d = x + y
compute e = reshape(x, [K, 2])
compute f = x @ w
compute g = concat([x, reshape(x, [K, 1])])
compute h = sum(x, dim=2)
compute i = 10 ** 100
compute j = x[0] if x > 0 else 1
compute k = where(x, 1, 0)
cost c = sum(z)
