story Example
param w = 0.4
sample a ~ Bernoulli(logits=w) with UnorderedSetEstimator(k=2)
sample b ~ Bernoulli(logits=w) with ScoreFunction() in a
sample c ~ Bernoulli(logits=w + b) with UnorderedSetEstimator() in a
cost d = mean(b, over=a) ** 2 + c
