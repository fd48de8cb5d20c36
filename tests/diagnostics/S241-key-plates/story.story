story KeyOfMore
plate data
input x[data]
input who[data]: int
param v = 0.3
sample z ~ Bernoulli(logits=v) with MAPO(buffer_size=5, key=who)
cost c = z - x
