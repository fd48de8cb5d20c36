story One
param w = 0.4
sample a ~ Normal(w, 1) with Reparameterization()
sample b ~ Bernoulli(logits=a) with VIMCO() in a
cost   c = -logmeanexp(b * w, over=a)
