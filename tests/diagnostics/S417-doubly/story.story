story Doubly
param w = 0.4
compute q = Normal(w, 1)
sample a ~ q with DReG(n=4)
cost   c = -logmeanexp(a - 2 * log_prob(q, a), over=a)
sample b ~ Normal(w, 1) with DReG(n=4)
cost   d = (b - 1) ** 2
compute r = Normal(w, 2)
sample e ~ r with DReG(n=4)
sample f ~ Bernoulli(logits=e) with ScoreFunction() in e
cost   g = -logmeanexp(f * w - log_prob(r, e), over=e)
