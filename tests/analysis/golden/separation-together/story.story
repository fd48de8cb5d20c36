story Together
dim K = 4
param w[K] = 0.3
sample z ~ Bernoulli(logits=w) with Expect()
sample y ~ Bernoulli(logits=w) with Expect()
sample x ~ Bernoulli(logits=w) with Expect()
cost c = sum(z) ** 2
cost d = sum(y)
sample below ~ Normal(sum(x), 1)
cost e = below
