story Sequence
"""A latent state that moves from step to step, seen at each of them."""

dim D = 2
dim T
plate data

input  x[data, T, D]
module transition: [D] -> [D]

for t in range(T) from h = zeros([D]):
    compute q = Normal(transition(h), 0.5)
    sample  z ~ q with ScoreFunction(n=4, baseline=batch_average)
    compute h = tanh(z)
    observe seen = x[t] ~ Normal(h, 1)
    cost    effort = sum(z ** 2)
cost total = sum(sequence(h) ** 2)
