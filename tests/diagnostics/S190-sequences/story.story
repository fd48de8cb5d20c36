story Sequences
param m = 0.0
for s in range(3):
    sample c ~ Bernoulli(logits=m) with Expect()
    cost f = mean(c, over=c) ** 2
for t in range(3) from b = 0:
    sample a ~ Bernoulli(logits=m * b) using Enumerate()
    sample b ~ Bernoulli(logits=m * a) with ScoreFunction()
    cost e = b
for u in range(3) from k = 0:
    sample d ~ Bernoulli(logits=m * k) with Expect()
    sample l ~ Bernoulli(logits=m) with ScoreFunction()
    compute k = d
    cost i = k * l
    stop when k == 1
for v in range(3):
    sample x ~ Bernoulli(logits=m) with Expect()
    sample y ~ Bernoulli(logits=m) in x
    cost j = x * y
for n in range(3) from g = m:
    sample o ~ Bernoulli(logits=m) with Expect()
    cost q = stop_gradient(o) - g
    compute g = o
