story HMM
"""Hidden Markov model of discrete notes, its likelihood by the forward algorithm."""

dim T = 4
dim S = 3
dim V = 5
plate data

input  x[data, T]: int
param  initial[S] = normal(0, 1)
param  transition[S, S] = normal(0, 1)
param  emission[S, V] = normal(0, 1)

compute step = log_softmax(transition, dim=1)
compute notes = log_softmax(emission, dim=1)
for t in range(T) from alpha = log_softmax(initial):
    compute seen = alpha + notes[:, x[t]]
    compute alpha = logsumexp(unsqueeze(seen, 1) + step, dim=0)
cost nll = -logsumexp(alpha)
