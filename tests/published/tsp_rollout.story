story TSPRollout
"""Attention to tours (Kool et al. 2019), with the cost of a greedy rollout, made elsewhere, as its baseline."""

dim N = 4
dim H = 6
plate data

input  cities[data, N, 2]
input  greedy[data]
module embed: [N, 2] -> [N, H] = nn.Linear(2, H)
module query: [H] -> [H] = nn.Linear(H, H)
param  first[H] = uniform(-1, 1)

compute memory = embed(cities)
for t in range(N) from last = first, visited = zeros([N]):
    compute context = query(mean(memory, dim=0) + last)
    compute scores = 10 * tanh(memory @ context / H ** 0.5)
    sample  city ~ Categorical(logits=where(visited > 0, -inf, scores)) with ScoreFunction(baseline=greedy)
    compute visited = visited + one_hot(city, N)
    compute last = memory[city]
    compute place = cities[city]
compute tour = sequence(place)
cost length = sum(norm(tour - roll(tour, 1, dims=0), dim=1))
