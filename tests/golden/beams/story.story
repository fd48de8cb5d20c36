story Beams
"""Whole sequences of letters, none twice, until the end sign."""
dim V = 4
dim H = 3
plate data
input x[data, H]
module cell: [V + H] -> [H]
module out: [H] -> [V]
function score batched nondiff: [5, V] -> []
for t in range(5) from h = x, y = one_hot(0, V):
    compute h = tanh(cell(concat([y, h])))
    cost effort = 0.01 * sum(h ** 2)
    sample y ~ OneHotCategorical(logits=out(h)) with UnorderedSetEstimator(k=4)
    stop when argmax(y) == 0
cost reward = -score(sequence(y))
