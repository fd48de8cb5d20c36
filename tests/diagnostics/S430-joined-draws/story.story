story Example
param w = 0.4
sample z ~ Bernoulli(logits=w) with DisARM(n=4)
cost c = logmeanexp(z, over=z)
