story SSVAE
"""Semi-supervised auto-encoder M2 (Kingma et al. 2014), as in Pyro's examples with enumeration."""

dim C = 3
dim D = 6
dim Z = 2
plate labelled
plate unlabelled

input  x[labelled, D]
input  y[labelled]: int
input  u[unlabelled, D]
input  alpha
module classify: [D] -> [C] = nn.Sequential(nn.Linear(D, 8), nn.Softplus(), nn.Linear(8, C), nn.Softmax(dim=-1))
module encode: [D + C] -> [2, Z]
module decode: [Z + C] -> [D] = nn.Sequential(nn.Linear(Z + C, 8), nn.Softplus(), nn.Linear(8, D), nn.Sigmoid())

compute hot = one_hot(y, C)
compute h = encode(concat([x, hot]))
compute q = Normal(h[0], exp(h[1]))
sample  z ~ q with Reparameterization()
cost    kl = kl_divergence(q, Normal(0, 1))
observe pixels = x ~ Bernoulli(probs=decode(concat([z, hot])))
cost    classified = -alpha * log_prob(OneHotCategorical(probs=classify(x)), hot)

compute guess = OneHotCategorical(probs=classify(u))
sample  label ~ guess with Expect()
cost    label_kl = kl_divergence(guess, OneHotCategorical(probs=full([C], 1 / C)))
compute g = encode(concat([u, label]))
compute r = Normal(g[0], exp(g[1]))
sample  v ~ r with Reparameterization()
cost    unseen_kl = kl_divergence(r, Normal(0, 1))
observe unseen = u ~ Bernoulli(probs=decode(concat([v, label])))
