story Sequence
param m = 0.0
sample z ~ Normal(m, 1)
cost c = sequence(z)
