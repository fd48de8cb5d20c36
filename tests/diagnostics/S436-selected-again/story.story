story Example
param w = 0.4
sample a ~ Bernoulli(logits=w) with UnorderedSetEstimator(k=2)
sample z ~ Bernoulli(logits=w) with DisARM() in a
sample b ~ Bernoulli(logits=w + a * z) with UnorderedSetEstimator() in a
cost c = (a - b) ** 2
