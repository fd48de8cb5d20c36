story Weights
param w = 0.3
sample top ~ Normal(w, 1)
sample below ~ Normal(w, 1)
sample e ~ Bernoulli(logits=top) with Expect()
sample i ~ Normal(below, 1) using ImportanceSampling(n=2, proposal=Normal(0, 2))
cost c = round(mean(e, over=e))
cost d = round(mean(i, over=i))
