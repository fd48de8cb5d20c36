story SummedOut
plate data
dim K = 3
dim T
input x[data, T]
param mean[K] = normal(0, 1)
module transition: [K] -> [K]
for t in range(T) from z = zeros([K]):
    sample z ~ OneHotCategorical(logits=transition(z)) with Expect()
    observe seen = x[t] ~ Normal(sum(z * mean), 1)
cost end = sum(z * mean) ** 2
