story Weather
"""Days that are wet or dry, one hidden state in each: the likelihood of what was measured."""
dim K = 4
dim T
plate station
input rain[station, T]
input season[T]
param start[K] = zeros()
param move[K, K] = normal(0, 0.1)
param level[K] = normal(0, 1)
param swing = 0.1
param width[K] = zeros()

for t in range(T) from z = 0, usual = 0:
    compute usual = 0.9 * usual + swing * season[t]
    sample z ~ Categorical(logits=start if t == 0 else move[z]) with Expect()
    compute ll = log_prob(Normal(level[z] + usual, exp(width[z])), rain[t])
cost nll = -logmeanexp(sum(sequence(ll)), over=z)
