story Weights
param w = 0.3
sample e ~ Bernoulli(logits=w) with Expect()
sample fixed ~ Bernoulli(logits=0.3) with Expect()
sample i ~ Normal(w, 1) using ImportanceSampling(n=2, proposal=Normal(0, 2))
sample plain ~ Normal(w, 1) with ScoreFunction(n=2)
sample y ~ Normal(0, 1) using ImportanceSampling(proposal=Normal(w, 2)) in plain
compute a = mean(2 * e, over=e)
compute b = mean(2 * fixed, over=fixed)
compute c = mean(i, over=i)
compute d = mean(plain, over=plain)
cost k = a + b + c + d
cost l = y
