story SCANVI
"""Cells with and without a known type (scANVI; Xu et al. 2021): counts are zero-inflated negative binomial."""

dim G = 5
dim C = 3
dim L = 2
plate labelled
plate unlabelled
input  x[labelled, G]
input  y[labelled]: int
input  u[unlabelled, G]
input  alpha
param  log_theta[G] = zeros()
module classify: [G] -> [C] = nn.Linear(G, C)
module encode: [G + C] -> [2 * L] = nn.Linear(G + C, 2 * L)
module scale: [L + C] -> [G] = nn.Sequential(nn.Linear(L + C, G), nn.Softmax(dim=-1))
module drop: [L + C] -> [G] = nn.Linear(L + C, G)

compute hot = one_hot(y, C)
compute h = reshape(encode(concat([log1p(x), hot])), [2, L])
compute q = Normal(h[0], exp(h[1]))
sample  z ~ q with Reparameterization()
compute mean_x = sum(x) * scale(concat([z, hot]))
observe counts = x ~ ZeroInflated(NegativeBinomial(exp(log_theta), logits=log(mean_x) - log_theta), gate_logits=drop(concat([z, hot])))
cost    kl = kl_divergence(q, Normal(0, 1))
cost    classified = -alpha * log_prob(Categorical(logits=classify(log1p(x))), y)

compute guess = Categorical(logits=classify(log1p(u)))
sample  c ~ guess with Expect()
compute g = reshape(encode(concat([log1p(u), one_hot(c, C)])), [2, L])
compute r = Normal(g[0], exp(g[1]))
sample  v ~ r with Reparameterization()
compute code = concat([v, one_hot(c, C)])
compute mean_u = sum(u) * scale(code)
observe unseen = u ~ ZeroInflated(NegativeBinomial(exp(log_theta), logits=log(mean_u) - log_theta), gate_logits=drop(code))
cost    unseen_kl = kl_divergence(r, Normal(0, 1))
cost    label_kl = kl_divergence(guess, Categorical(probs=full([C], 1 / C)))
