story Loops
param w = 0.4
sample a ~ Bernoulli(logits=w) with VIMCO(n=4)
for t in range(3) from h = w:
    compute h = h * w + a
    cost c = -logmeanexp(h, over=a)
compute q = Normal(w, 1)
sample b ~ q with DReG(n=4)
for s in range(3) from g = b:
    compute g = g * w - log_prob(q, b)
cost d = -logmeanexp(g, over=b)
