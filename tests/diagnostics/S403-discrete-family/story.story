story DiscreteFamily
param l[3] = 0.0
module critic: [3] -> []
compute q = Bernoulli(logits=l)
sample a ~ q with Reparameterization(n=4)
sample b ~ Poisson(rate=exp(l[0])) with Reparameterization()
# A biased path, which is no control variate's.
sample d ~ OneHotCategoricalStraightThrough(logits=l) with LAX(c_phi=critic)
cost c = sum(a) + b + sum(d)
