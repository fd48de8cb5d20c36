story RAM
"""Recurrent attention (Mnih et al. 2014): where to look is drawn around a learned place, a right answer is the reward."""

dim T = 3
dim D = 9
dim H = 6
plate data

input    x[data, D]
input    digit[data]: int
function right batched nondiff: [3], []: int -> []
function glimpse batched nondiff: [D], [2] -> [4]
module   look: [4], [2] -> [H]
module   core: [H], [H] -> [H] = nn.GRUCell(H, H)
module   locate: [H] -> [2] = nn.Sequential(nn.Linear(H, 2), nn.Tanh())
module   classify: [H] -> [3] = nn.Linear(H, 3)
module   baseline: [H] -> [1] = nn.Linear(H, 1)

for t in range(T) from h = zeros([H]), at = zeros([2]):
    compute h = core(look(glimpse(x, at), at), h)
    sample  place ~ Normal(locate(stop_gradient(h)), 0.17) with ScoreFunction(baseline=baseline(h)[0])
    compute at = clamp(place, -1, 1)
compute answer = classify(h)
cost error = cross_entropy(answer, digit)
cost reward = -right(answer, digit)
