story Entropy
param m = 0.0
compute q = Poisson(exp(m))
sample z ~ q with ScoreFunction()
cost c = entropy(q) + z
