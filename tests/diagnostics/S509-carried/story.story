story Example
param m = 0.5
sample z ~ Normal(m, 1) with Reparameterization()
sample b ~ Bernoulli(sigmoid(m)) with Expect()
cost c = z ** 2
cost bonus = without_credit(m * z)
cost other = without_credit(m * b)
