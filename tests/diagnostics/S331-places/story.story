story Places
plate data
plate sites sum
input a[5, data]
input b[sites, data]
input d[data, data]
param w[data] = 0.0
module net: [data, 3] -> []
sample z ~ Normal(zeros([sites]), 1)
cost c = sum(z)
cost e = mean(1.0, over=data)
