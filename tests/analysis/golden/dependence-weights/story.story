story Weights
param w = 0.3
sample e ~ Bernoulli(logits=w) with Expect()
sample u ~ Bernoulli(logits=w * e) with ScoreFunction(n=2)
compute a = mean(u, over=u)
cost c = a
