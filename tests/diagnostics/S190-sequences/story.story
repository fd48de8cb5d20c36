story Sequences
param m = 0.0
for t in range(20) from h = m, y = 0, z = 0:
    sample z ~ Bernoulli(logits=m + z) with Expect()
    compute h = h + z
    sample a ~ Bernoulli(logits=m) with Expect()
    sample b ~ Bernoulli(logits=a * m) with ScoreFunction()
    sample y ~ Bernoulli(logits=m) using Enumerate()
    cost e = h + b
    report last = y
for s in range(3):
    sample c ~ Bernoulli(logits=m) with Expect()
    cost f = mean(c, over=c) ** 2
cost g = mean(sequence(z))
for u in range(3) from k = 0:
    sample d ~ Bernoulli(logits=m * k) with Expect()
    compute k = d
    cost i = k
    stop when k == 1
