story Otherwise
param w = 0.4
sample a ~ Bernoulli(logits=w) with VIMCO(n=4)
compute m = logmeanexp(w * a, over=a)
cost   c = tanh(m)
sample b ~ Bernoulli(logits=w) with VIMCO(n=4)
cost   d = logmeanexp(w * b, over=b) + mean(b, over=b)
sample e ~ Bernoulli(logits=w) with VIMCO(n=4)
cost   f = logmeanexp(w * e, over=e) - 2 * logmeanexp(e, over=e)
sample g ~ Bernoulli(logits=w) with VIMCO(n=4)
cost   h = logmeanexp(g - mean(g, over=g), over=g)
