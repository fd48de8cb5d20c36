story Lattice
plate data
input x[data]
param th = 0.3
param w = 0.2
sample b ~ Bernoulli(logits=w)
cost c = b * (1 if x > th else 0)
