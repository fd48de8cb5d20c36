story Joined
param w = 0.3
sample z ~ Bernoulli(logits=w) with VIMCO(n=3)
sample y ~ Bernoulli(logits=w) with VIMCO(n=3)
sample u ~ Normal(w, 1) with DReG(n=3)
compute bound = logmeanexp(2 * z, over=z)
compute q = Normal(w, 1)
sample v ~ q with DReG(n=3)
cost c = -w * bound / 3 + 1
cost d = bound - bound * w
cost e = mean(y, over=y) ** 2
cost f = -logmeanexp(log_prob(Normal(0, 1), u) - log_prob(Normal(w, 1), u), over=u)
cost g = -logmeanexp(log_prob(Normal(0, 1), v) - log_prob(q, v), over=v) * 2
