story Sequences
"""Spell a number: letters until the end sign, scored as a whole by a program without a gradient."""

dim V = 16
dim H = 32
dim T = 7
plate data

input    number[data]: int
module   start: []: int -> [H] = nn.Embedding(10, H)
module   cell: [V], [H] -> [H] = nn.GRUCell(V, H)
module   out: [H] -> [V] = nn.Linear(H, V)
function score batched nondiff: [T]: int, []: int -> []

for t in range(T) from h = start(number), y = one_hot(0, V):
    compute h = cell(y, h)
    sample  y ~ OneHotCategorical(logits=out(h)) with UnorderedSetEstimator(k=4)
    compute letter = argmax(y)
    stop when letter == 0
cost loss = -score(sequence(letter), number)
