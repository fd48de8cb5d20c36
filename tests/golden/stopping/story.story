story Writer
"""Writes letters until the end sign."""
dim V = 4
dim H = 3
dim T
plate data
input x[data, H]
input target[data, T, V]
module cell: [V + H] -> [H]
module out: [H] -> [V]
module value: [H] -> []
for t in range(T - 1) from h = x, y = one_hot(0, V):
    compute h = tanh(cell(concat([y, h])))
    compute q = OneHotCategorical(logits=out(h))
    sample y ~ q with ScoreFunction(n=5, baseline=value(h))
    cost miss = 1 - sum(y * target[t + 1])
    report surprise = -log_prob(q, y)
    stop when argmax(y) == 0
cost length = 0.1 * sum(sequence(alive))
