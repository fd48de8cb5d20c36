story HMMGuide
"""The same with the hidden states enumerated below a factorised posterior: the evidence bound."""

dim T = 4
dim S = 3
dim V = 5
plate data

input  x[data, T]: int
param  initial[S] = normal(0, 1)
param  transition[S, S] = normal(0, 1)
param  emission[S, V] = normal(0, 1)
module read: []: int -> [S] = nn.Embedding(V, S)

for t in range(T) from z = 0:
    compute prior = initial if t == 0 else transition[z]
    compute q = Categorical(logits=read(x[t]))
    sample  z ~ q with Expect()
    cost    kl = log_prob(q, z) - log_prob(Categorical(logits=prior), z)
    observe note = x[t] ~ Categorical(logits=emission[z])
