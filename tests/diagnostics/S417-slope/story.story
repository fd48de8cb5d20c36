story Slopes
param w = 0.4
module net: [1] -> [1]
sample a ~ Bernoulli(logits=w) with VIMCO(n=4)
cost   c = net(w * ones([1]))[0] * logmeanexp(w * a, over=a)
sample b ~ Bernoulli(logits=w) with VIMCO(n=4)
sample d ~ Bernoulli(logits=w) with ScoreFunction(n=2)
cost   e = logmeanexp(b * d, over=b)
sample f ~ Bernoulli(logits=w * ones([2])) with VIMCO(n=4)
cost   g = sum(logmeanexp(f, over=f))
