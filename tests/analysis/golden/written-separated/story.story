story Apart
dim K = 6
param w[K] = 0.3
param v[K] = 0.1
sample z ~ Bernoulli(logits=w) with Expect()
compute a = z * v
cost c = sum(a ** 2)
cost d = sum(z[1:] * z[:5])
cost e = w[0]
