story Example
param w[2] = zeros()
sample z ~ Bernoulli(logits=0)
cost c = w[z]
