story VQVAE
"""Neural discrete representations (van den Oord et al. 2017): the nearest code, straight through, with both losses of the codebook."""

dim D = 8
dim L = 3
dim K = 5
plate data

input  x[data, D]
param  codes[K, L] = uniform(-0.2, 0.2)
module encode: [D] -> [L] = nn.Sequential(nn.Linear(D, 8), nn.ReLU(), nn.Linear(8, L))
module decode: [L] -> [D] = nn.Sequential(nn.Linear(L, 8), nn.ReLU(), nn.Linear(8, D))

compute z = encode(x)
compute nearest = argmin(sum((unsqueeze(z, 0) - codes) ** 2, dim=1))
compute q = codes[nearest]
compute straight = z + stop_gradient(q - z)
cost    reconstruction = mean(mse_loss(decode(straight), x))
cost    codebook = mean(mse_loss(q, stop_gradient(z)))
cost    commitment = 0.25 * mean(mse_loss(z, stop_gradient(q)))
