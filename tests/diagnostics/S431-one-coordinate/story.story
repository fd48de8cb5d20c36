story Example
plate data
input x[data]
param w = 0.4
sample z ~ Bernoulli(logits=w * x) with LocalExpectation()
cost c = mean(z, over=data) ** 2
