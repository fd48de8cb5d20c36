story LongChain
"""A chain of latents with a plate each: longer ones share the list of their plates."""

plate data

input x[data]
param w = 0.4

sample z0 ~ Normal(w * x, 1) with ScoreFunction(n=2)
sample z1 ~ Normal(w * z0, 1) with Reparameterization()
sample z2 ~ Normal(w * z1, 1) with Reparameterization()
sample z3 ~ Normal(w * z2, 1) with Reparameterization()
sample z4 ~ Normal(w * z3, 1) with Reparameterization()
sample z5 ~ Normal(w * z4, 1) with Reparameterization()
sample z6 ~ Normal(w * z5, 1) with Reparameterization()
sample z7 ~ Normal(w * z6, 1) with Reparameterization()
sample z8 ~ Bernoulli(logits=w * z7) with ScoreFunction()
sample z9 ~ Normal(w * z8, 1) with Reparameterization()
sample z10 ~ Normal(w * z9, 1) with Reparameterization()
sample z11 ~ Normal(w * z10, 1) with Reparameterization()
sample z12 ~ Normal(w * z11, 1) with Reparameterization()
sample z13 ~ Normal(w * z12, 1) with Reparameterization()
sample z14 ~ Normal(w * z13, 1) with Reparameterization()
sample z15 ~ Normal(w * z14, 1) with Reparameterization()
sample z16 ~ Normal(w * z15, 1) with Reparameterization()
sample u ~ Normal(w * z16, 1) with Reparameterization() in z16

cost early = (z5 - x) ** 2
cost last = (z16 - x) ** 2
cost joined = (u - z12) ** 2
report spread = abs(u)
