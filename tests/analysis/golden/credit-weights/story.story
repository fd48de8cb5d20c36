story Weights
param w = 0.3
sample i ~ Normal(w, 1) using ImportanceSampling(n=2, proposal=Normal(0, 2))
sample e ~ Bernoulli(logits=w) with Expect()
sample s ~ Normal(w * e, 1) with ScoreFunction(n=2)
cost a = i
cost b = mean(i, over=i) ** 2
cost c = s + mean(s, over=s) ** 2
