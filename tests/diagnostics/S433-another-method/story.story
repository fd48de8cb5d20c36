story Example
param w = 0.4
sample a ~ Bernoulli(logits=w) with ScoreFunction(n=2)
sample b ~ Bernoulli(logits=w + a) with UnorderedSetEstimator() in a
cost c = (a - b) ** 2
