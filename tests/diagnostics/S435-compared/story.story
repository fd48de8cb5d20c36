story Example
param w = 0.4
sample a ~ Bernoulli(logits=w) with UnorderedSetEstimator(k=2)
sample b ~ Bernoulli(logits=w + a) with ScoreFunction(baseline=batch_average) in a
cost c = (a - b) ** 2
