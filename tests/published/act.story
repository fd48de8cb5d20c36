story ACT
"""Adaptive computation (Graves 2016), the halt drawn (PonderNet; Banino et al. 2021)."""

dim T = 3
dim H = 4
plate data
input x[data, H]
input y[data]: int
module cell: [H], [H] -> [H] = nn.GRUCell(H, H)
module halt: [H] -> [1] = nn.Linear(H, 1)
module out: [H] -> [3] = nn.Linear(H, 3)
for t in range(T) from h = zeros([H]):
    compute h = cell(x, h)
    sample stop_ ~ Bernoulli(logits=halt(h)[0]) with ScoreFunction(baseline=moving_average)
    cost ponder = 0.01
    stop when stop_ == 1
cost nll = cross_entropy(out(h), y)
