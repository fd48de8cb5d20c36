story Sizes
dim K = 3
dim L = K / 2
dim M = K // 0
dim N = 1.5
plate data
input x[data, 0]
input y[data, K - 5]
input v[data, "a"]
param m[K > 2] = 0.0
param n[exp(K)] = 0.0
param o[9223372036854775807 * 2] = 0.0
sample z ~ Normal(zeros([K ** 2]), 1)
cost c = sum(z)
