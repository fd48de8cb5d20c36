story T
param w = 0.4
for t in range(2) from h = w, z = 0:
    sample y ~ Bernoulli(logits=h + w * z) with ScoreFunction()
    sample z ~ Bernoulli(logits=w * y + h) with UnorderedSetEstimator(k=2)
    compute h = tanh(h + z - 0.5 * y)
    cost c = (h + y) ** 2 * z
