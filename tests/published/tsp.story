story TSP
"""Pointer network for tours (Bello et al. 2017; Kool et al. 2019): a city at a time, visited ones masked, a learned baseline."""

dim N = 4
dim H = 6
plate data

input  cities[data, N, 2]
module embed: [N, 2] -> [N, H] = nn.Linear(2, H)
module cell: [H], [H] -> [H] = nn.GRUCell(H, H)
module query: [H] -> [H] = nn.Linear(H, H)
module critic: [N, 2] -> [1] = nn.Sequential(nn.Flatten(), nn.Linear(2 * N, 8), nn.ReLU(), nn.Linear(8, 1))
param  first[H] = uniform(-1, 1)

compute memory = embed(cities)
for t in range(N) from h = mean(memory, dim=0), last = first, visited = zeros([N]):
    compute h = cell(last, h)
    compute scores = 10 * tanh(memory @ query(h) / H ** 0.5)
    sample  city ~ Categorical(logits=where(visited > 0, -inf, scores)) with ScoreFunction(baseline=critic(cities)[0])
    compute visited = visited + one_hot(city, N)
    compute last = memory[city]
    compute place = cities[city]
compute tour = sequence(place)
cost length = sum(norm(tour - roll(tour, 1, dims=0), dim=1))
