story ProdLDA
"""ProdLDA (Srivastava and Sutton 2017): a logistic normal over topics, a product of experts over words."""

dim V = 7
dim K = 3
plate docs

input  counts[docs, V]
module encode: [V] -> [2, K]
module decode: [K] -> [V] = nn.Sequential(nn.Linear(K, V), nn.BatchNorm1d(V, affine=false))

compute h = encode(counts)
compute q = Normal(h[0], exp(h[1] / 2))
sample  logtheta ~ q with Reparameterization()
cost    kl = kl_divergence(q, Normal(0, 1))
compute words = log_softmax(decode(softmax(logtheta)))
cost    likelihood = -sum(counts * words)
