story Above
param m = 0.0
sample v ~ Bernoulli(logits=m) with ScoreFunctionWOR(k=2)
sample u ~ Bernoulli(logits=m + v) with ScoreFunctionWOR() in v
for t in range(2) from h = u:
    sample a ~ Bernoulli(logits=h) with REBAR()
    sample b ~ Bernoulli(logits=h + a) with UnorderedSetEstimator(k=2)
    sample w ~ Normal(h, 1) with ScoreFunction() using ImportanceSampling(proposal=Normal(0, 2)) in v
    compute h = a + b + w + u
    cost e = h
