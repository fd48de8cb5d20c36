story Properties
param m = 0.0
compute q = Normal(m, 1)
sample z ~ q
cost c = z * q.men + q.logits
cost d = Bernoulli(0.5).nothing
