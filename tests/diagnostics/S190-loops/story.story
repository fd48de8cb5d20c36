story Loops
use some.module: Mine
plate data
input x[data]
param m = 0.0
sample s ~ Bernoulli(logits=m) with Expect()
for t in range(2) from h = s:
    sample a ~ Bernoulli(logits=m) with Expect()
    sample b ~ Bernoulli(logits=m) with Mine() using BeamSearch(k=1)
    sample c ~ Normal(m * x, 1) with ScoreFunction() using ImportanceSampling(n=2, proposal=Normal(0, 2))
    cost r = mean(c, over=data) ** 2 + mean(c, over=c)
    compute h = a + b + c
    cost e = h
for u in range(2):
    sample f ~ Bernoulli(logits=m) with SumAndSample(sum_size=1)
    sample g ~ Bernoulli(logits=m) with UnorderedSetEstimator(k=2)
    cost i = f * g
