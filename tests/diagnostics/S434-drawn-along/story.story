story Example
param w = 0.4
sample a ~ Bernoulli(logits=w) with UnorderedSetEstimator(k=2)
sample c ~ Bernoulli(logits=w + a) with ScoreFunction(n=3)
sample b ~ Bernoulli(logits=w + a) with UnorderedSetEstimator() in a
cost d = (a - b + c) ** 2
