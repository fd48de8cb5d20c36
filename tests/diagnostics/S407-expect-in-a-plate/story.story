story Example
param m[3] = zeros()
sample a ~ Normal(0, 1) with ScoreFunction(n=2)
sample z ~ Bernoulli(logits=m) with Expect() in a
cost c = sum(z) * a
