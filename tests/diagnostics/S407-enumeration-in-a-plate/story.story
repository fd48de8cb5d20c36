story EnumerationInAPlate
param m = 0.0
sample z ~ Normal(m, 1) with ScoreFunction(n=3)
sample y ~ Bernoulli(logits=z) with Expect() in z
cost c = z + y
