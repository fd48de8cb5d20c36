story UpToAScore
param m = 0.0
# The path ends in the parameters of the samples below: it must be smooth as far as there.
sample a ~ Normal(m, 1) with Reparameterization(n=3)
sample b ~ Bernoulli(probs=sigmoid(round(a))) with ScoreFunction(n=2, baseline=batch_average)
sample d ~ Bernoulli(logits=floor(a)) with Expect()
# Beyond there it may break; a cut is deliberate; kinks do not break it.
sample e ~ Normal(m, 1) with Reparameterization()
sample f ~ Bernoulli(logits=e) with ScoreFunction()
cost c = b + d + round(f) + stop_gradient(round(e)) + abs(e)
