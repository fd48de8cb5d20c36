story Warmed
param w = 0.2
sample a ~ Bernoulli(logits=w) with ScoreFunction(n=4)
sample z ~ OneHotCategorical(logits=zeros([2])) with GumbelSoftmax(temperature=0.3 + 2 * a) in a
cost c = (z[0] - 0.2) ** 2
