story Joint
plate data
dim K = 4
input x[data, K]
param w[K] = zeros()
sample a ~ OneHotCategorical(logits=w * x) with UnorderedSetEstimator(k=3)
compute early = sum(a * x)
compute unused = sum(a)
compute still = sum(x)
sample b ~ OneHotCategorical(logits=w + a) with UnorderedSetEstimator() in a
cost c = early * sum(b * x) + still
report seen = mean(sum(b), over=[a, data])
