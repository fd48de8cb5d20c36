story VAENormalize
"""An auto-encoder of directions: the decoder's output on the unit sphere."""

dim D = 6
dim L = 2
plate data

input  x[data, D]
module encode: [D] -> [2, L]
module decode: [L] -> [D] = nn.Sequential(nn.Linear(L, 8), nn.ReLU(), nn.Linear(8, D))

compute h = encode(x)
compute q = Normal(h[0], exp(h[1]))
sample  z ~ q with Reparameterization()
cost    kl = kl_divergence(q, Normal(0, 1))
cost    away = -sum(normalize(decode(z)) * x)
