story Example
plate data
input x[data, 5, 3]
module encoder: [5, 3] -> [8] = nn.GRU(3, 8)
sample z ~ Normal(encoder(x), 1)
cost c = sum(z)
