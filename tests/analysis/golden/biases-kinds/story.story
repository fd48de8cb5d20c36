story Biases
param w = 0.3
compute q = Normal(w, 1)
sample z ~ q with STL()
sample y ~ OneHotCategorical(logits=stack([w, 1])) with GumbelSoftmax()
sample x ~ OneHotCategorical(logits=stack([w, 1])) using BeamSearch(k=2)
sample v ~ Bernoulli(logits=w) with ScoreFunction()
cost c = log_prob(q, z) ** 2
cost d = sum(y * x) + v
