story Layers
dim S = 4
plate data
input s[data, S]
module critic: [S] -> [] = nn.Linear(S, 1)
module net: [S] -> [2] = nn.Sequential(nn.Linear(S + 1, 8), nn.ReLU(), nn.Linear(8, 3))
module scale: [] -> [2] = nn.Linear(1, 2)
module right: [S] -> [2] = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
module flat: [S] -> [] = nn.Sequential(nn.Linear(S, 1), nn.Flatten(0))
module rows: [3, S] -> [3, 2] = nn.Linear(S, 2, bias=false)
module unknown: [S] -> [2] = nn.Bilinear(S, 8, 3)
sample z ~ Normal(net(s), 1) with ScoreFunction(baseline=critic(s))
cost c = sum(z * right(s) * scale(flat(s)) + unknown(s)) + sum(rows(stack([s, s, s])))
