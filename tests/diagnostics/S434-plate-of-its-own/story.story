story Example
plate data
input x[data]
param w = 0.4
sample a ~ Bernoulli(logits=w) with UnorderedSetEstimator(k=2)
sample b ~ Bernoulli(logits=a * x) with UnorderedSetEstimator() in a
cost c = (a - b) ** 2
