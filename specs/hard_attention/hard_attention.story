story HardAttention
"""Name a digit after looking at as few pieces of its image as possible."""

dim H = 64
dim P = 9
dim G = 16
dim T = 6
plate data

input  x[data, P, G]
input  digit[data]: int
input  price
module look: [H] -> [P] = nn.Linear(H, P)
module cell: [G + P], [H] -> [H] = nn.GRUCell(G + P, H)
module enough: [H] -> [1] = nn.Linear(H, 1)
module name: [H] -> [10] = nn.Linear(H, 10)
module before: [H] -> [1] = nn.Linear(H, 1)
module after: [H] -> [1] = nn.Linear(H, 1)

for t in range(T) from h = zeros([H]):
    sample  place ~ Categorical(logits=look(h)) with ScoreFunction(baseline=before(h)[0])
    compute h = cell(concat([x[place], one_hot(place, P)]), h)
    sample  halt ~ Bernoulli(logits=enough(h)[0]) with ScoreFunction(baseline=after(h)[0]) in place
    cost    effort = price
    stop when halt == 1
compute answer = name(h)
cost    error = cross_entropy(answer, digit)
report  correct = argmax(answer) == digit
