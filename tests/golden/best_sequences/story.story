story BestSequences
"""The sequences of letters that a beam is left with, and one that is drawn from all others."""
dim V = 4
dim H = 3
plate data
input x[data, H]
module cell: [V + H] -> [H]
module out: [H] -> [V]
module value: [H] -> []
function score batched nondiff: [5, V] -> []
for t in range(5) from h = x, y = one_hot(0, V):
    compute h = tanh(cell(concat([y, h])))
    sample y ~ OneHotCategorical(logits=out(h)) with ScoreFunction(baseline=value(h)) using SumAndSample(sum_size=3)
    stop when argmax(y) == 0
cost reward = -score(sequence(y))
