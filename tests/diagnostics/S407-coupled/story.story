story Coupled
param a = 1.0
sample z ~ Normal(a, 1) with ScoreFunction(n=4)
sample y ~ Normal(z, 1) with Reparameterization() using Antithetic() in z
sample b ~ Bernoulli(logits=z) with ScoreFunction() using Enumerate() in z
cost c = z * y * b
