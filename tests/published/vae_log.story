story VAELog
"""An auto-encoder whose decoder gives probabilities, the cross entropy written out."""

dim D = 6
dim L = 2
plate data

input  x[data, D]
module encode: [D] -> [2, L]
module decode: [L] -> [D] = nn.Sequential(nn.Linear(L, 8), nn.ReLU(), nn.Linear(8, D), nn.Sigmoid())

compute h = encode(x)
compute q = Normal(h[0], exp(0.5 * h[1]))
sample  z ~ q with Reparameterization()
cost    kl = -0.5 * sum(1 + h[1] - h[0] ** 2 - exp(h[1]))
compute p = decode(z)
cost    reconstruction = -sum(x * log(p) + (1 - x) * log(1 - p))
