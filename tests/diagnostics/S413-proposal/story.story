story Example
param w = 0.4
param m = 0.1
sample z ~ Bernoulli(logits=w) with ScoreFunction() using ImportanceSampling(n=8, proposal=Bernoulli(logits=m))
cost c = -logmeanexp(z * w, over=z)
