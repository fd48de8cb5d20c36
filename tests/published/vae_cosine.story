story VAECosine
"""An auto-encoder of embeddings, compared by their angle."""

dim D = 6
dim L = 2
plate data

input  x[data, D]
module encode: [D] -> [2, L]
module decode: [L] -> [D] = nn.Sequential(nn.Linear(L, 8), nn.ReLU(), nn.Linear(8, D))

compute h = encode(x)
compute q = Normal(h[0], softplus(h[1]) + 1e-4)
sample  z ~ q with Reparameterization()
cost    kl = kl_divergence(q, Normal(0, 1))
cost    away = 1 - cosine_similarity(decode(z), x)
