story BernoulliToy
"""The smallest problem that needs a gradient estimator: choose b to come close to t."""

input t
param logit = 0

sample b ~ Bernoulli(logits=logit) with ScoreFunction(n=1)
cost   error = (b - t) ** 2
report probability = sigmoid(logit)
