story Parameters
dim K = 3
plate data
input x[data, K]
param w[4] = 0.0
sample a ~ Normal(w, x)
sample b ~ Bernoulli()
sample d ~ Bernoulli(probs=w, logits=w)
sample e ~ Normal(w, sigma=1)
sample f ~ Normal(w)
sample g ~ Normal(0, 1, 2)
sample h ~ Categorical(logits=0.5)
sample i ~ Binomial(w, probs=0.5)
sample j ~ Normal(0, loc=1)
cost c = sum(a)
