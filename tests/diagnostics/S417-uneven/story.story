story Uneven
param w = 0.4
sample a ~ Bernoulli(logits=w) with ScoreFunction() using ImportanceSampling(n=4, proposal=Bernoulli(0.5))
sample b ~ Bernoulli(logits=w + a) with VIMCO() in a
cost   c = (b - w) ** 2
sample d ~ Bernoulli(logits=w) with VIMCO() using ImportanceSampling(n=4, proposal=Bernoulli(0.5))
cost   e = -logmeanexp(d, over=d)
