story Zeros
"""Counts with dropouts: genes coded in two numbers, and read back with a gate of their own."""
dim G = 5
plate cells
input x[cells, G]
module encoder: [G] -> [4]
module decoder: [2] -> [G]
module gates: [2] -> [G]
param r[G] = 0.0
compute h = encoder(log1p(x))
compute q = Normal(h[:2], exp(h[2:]))
sample z ~ q with Reparameterization()
cost kl = kl_divergence(q, Normal(0, 1))
observe x ~ ZeroInflated(NegativeBinomial(exp(r), logits=decoder(z)), gate_logits=gates(z))
sample shift ~ Delta(r)
cost size = mean(shift ** 2)
