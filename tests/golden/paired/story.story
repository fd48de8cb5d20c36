story Paired
"""Walks over a board: where to look, and whether it was found there; no two of them alike."""
dim P = 6
dim H = 3
plate data
input x[data, H]
param found[P] = zeros()
module cell: [P + H] -> [H]
module look: [H] -> [P]
sample walk ~ OneHotCategorical(logits=look(x)) with UnorderedSetEstimator(k=4)
compute first = cell(concat([walk, x]))
for t in range(5) from h = first:
    sample place ~ OneHotCategorical(logits=look(h)) with UnorderedSetEstimator() in walk
    cost effort = 0.01 * sum(h ** 2)
    sample hit ~ Bernoulli(logits=sum(found * place)) with UnorderedSetEstimator() in walk
    sample noise ~ Normal(0, 1) with Reparameterization() in walk
    compute h = tanh(cell(concat([place, h + hit]))) + 0.1 * noise
cost misses = sum(1 - sequence(hit))
sample last ~ OneHotCategorical(logits=look(h)) with UnorderedSetEstimator() in walk
cost home = sum((last - walk) ** 2) + sum(first ** 2)
