story Example
param m = 0
sample z ~ Bernoulli(logits=m) with RLOO(n=4)
cost c = z
