story HiddenMarkov
"""A hidden Markov model with Gaussian emissions; its likelihood is exact, by the forward algorithm."""

dim K = 16
dim T
plate data

input  x[data, T]
param  start[K] = zeros()
param  move[K, K] = normal(0, 0.1)
param  level[K] = normal(0, 2)
param  width[K] = zeros()

for t in range(T) from z = 0:
    sample  z ~ Categorical(logits=start if t == 0 else move[z]) with Expect()
    compute ll = log_prob(Normal(level[z], exp(width[z])), x[t])
cost nll = -logmeanexp(sum(sequence(ll)), over=z)
