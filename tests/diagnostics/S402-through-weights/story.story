story Weights
"""The reduced values move with the weights, which move with `z` and with `w`."""

param w = 0.4
sample z ~ Normal(w, 1) with Reparameterization()
sample e ~ Bernoulli(logits=z) with Expect()
compute m = mean(e, over=e)
cost high = where(m > 0.6, 1.0, 0.0)

sample a ~ Bernoulli(logits=w) with ScoreFunction() using ImportanceSampling(n=4, proposal=Bernoulli(probs=0.5))
cost low = floor(3 * mean(a, over=a))
