story Anew
param w = 0.4
module critic: [] -> []
for t in range(2) from h = 0:
    sample a ~ Bernoulli(logits=w + h) with UnorderedSetEstimator(k=2)
    sample y ~ Normal(a * w, 1) with LAX(c_phi=critic) in a
    compute h = a + y
cost c = h
