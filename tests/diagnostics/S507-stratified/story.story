story Strata
plate data
input x[data]
param a = 1.0
sample z ~ Bernoulli(logits=a * x) with ScoreFunction() using Stratified(n=4)
cost c = mean(z, over=data) ** 2
