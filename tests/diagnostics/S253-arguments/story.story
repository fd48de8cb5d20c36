story Layers
plate data
input s[data, 4]
input t[data, 5, 4]
module one: [4] -> [4] = nn.Linear(4)
module misspelt: [4] -> [4] = nn.Linear(4, out_feature=4)
module below: [4] -> [4] = nn.Linear(4, -4)
module number: [4] -> [4] = nn.Sequential(nn.Linear(4, 4), 4)
module inner: [5, 4] -> [8] = nn.Sequential(nn.GRU(4, 8, batch_first=true), nn.Linear(8, 8))
module cell: [4], [8] -> [8] = nn.LSTMCell(4, 8)
module pair: [4], ([8], [8]) -> ([8], [8]) = nn.LSTMCell(4, 8)
module mix: [5, 4], [5, 4], [5, 4] -> [5, 4] = nn.MultiheadAttention(4, 2, batch_first=true)
module named: [4] -> [4] = nn.Linear(in_features=4, out_features=4)
param h[8] = zeros()
sample z ~ Normal(one(s) + misspelt(s) + below(s) + number(s) + named(s), 1)
compute a, b = pair(z, [h, h])
cost c = sum(z) + sum(inner(t)) + sum(cell(s, h)) + sum(mix(t, t, t)) + sum(a + b)
