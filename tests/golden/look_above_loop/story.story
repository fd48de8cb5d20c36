story Look
"""Chooses a style once and writes with it: what follows the choice is a loop."""
dim T
dim H = 3
plate data
input x[data, H]
input target[data, T]
module style: [H] -> [2]
module cell: [H] -> [H]
module out: [H] -> []
sample s ~ Bernoulli(logits=style(x)) with DisARM(n=4)
for t in range(T) from h = x * s[0]:
    sample noise ~ Normal(zeros([H]), 1)
    compute h = tanh(cell(h + noise)) + s[1]
    sample y ~ Bernoulli(logits=out(h)) with ScoreFunction(baseline=moving_average)
    cost miss = (y - target[t]) ** 2
cost size = sum(h ** 2)
