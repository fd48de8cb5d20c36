story Bounds
dim K = 0
param m = 0.0
sample z ~ Normal(m, 1) with ScoreFunction(n=K)
sample y ~ Normal(m, 1) with ScoreFunction(decay=1)
sample w ~ Bernoulli(sigmoid(m)) with GumbelSoftmax(temperature=-1)
cost c = z + y + w
