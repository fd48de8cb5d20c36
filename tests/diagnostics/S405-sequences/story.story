story Sequences
param m = 0.0
for t in range(20) from h = m, y = 0, z = 0:
    sample z ~ Bernoulli(logits=m + z) with Expect()
    compute h = h + z
    sample a ~ Bernoulli(logits=m) with Expect(budget=20)
    sample b ~ Bernoulli(logits=a * m) with ScoreFunction()
    sample y ~ Bernoulli(logits=m) using Enumerate()
    cost e = h ** 2 + b
    report last = y
for s in range(200):
    for r in range(2):
        sample c ~ Bernoulli(logits=m) with Expect()
        cost f = c
