story MultiSample
plate data
input x[data]
param w = 0.3
compute q = Normal(w * x, 1)
compute r = Normal(w + x, 1)
sample k ~ Bernoulli(logits=w * x) with VIMCO(n=4)
sample a ~ q with STL(n=2)
sample b ~ r with STL(n=2)
compute s = Normal(x - w, 1)
sample d ~ s with DReG(n=2)
sample e ~ q with STL()
cost joined = -logmeanexp(k * x, over=k)
cost elbo = log_prob(q, a) - log_prob(Normal(0, 1), a)
cost bound = -logmeanexp(log_prob(Normal(0, 1), b) - log_prob(r, b), over=b)
cost square = e ** 2
cost other = -logmeanexp(log_prob(Normal(0, 1), d) - log_prob(s, d), over=d)
