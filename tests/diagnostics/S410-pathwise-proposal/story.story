story PathwiseProposal
param m = 0.0
sample z ~ Normal(m, 1) with Reparameterization() using ImportanceSampling(n=4, proposal=Normal(0, 2))
cost c = z ** 2
