story DiscreteFamily
param l[3] = 0.0
compute q = Bernoulli(logits=l)
sample a ~ q with Reparameterization(n=4)
sample b ~ Poisson(rate=exp(l[0])) with Reparameterization()
cost c = sum(a) + b
