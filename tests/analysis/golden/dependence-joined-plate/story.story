story JoinedPlate
param w = 0.3
sample e ~ Bernoulli(logits=w) with Expect()
sample z ~ Normal(w, 1) in e
sample m ~ Bernoulli(logits=w) with ScoreFunction(n=2)
sample y ~ Normal(w, 1) in m
cost c = z
cost d = y
