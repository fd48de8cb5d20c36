story GMVAE
"""A mixture of Gaussians as prior (Rui Shu's GMVAE; Kingma et al. 2014): the component enumerated."""

dim K = 3
dim L = 2
dim D = 5
plate data
input x[data, D]
module classify: [D] -> [K] = nn.Linear(D, K)
module enc: [D + K] -> [2, L]
module prior: [K] -> [2, L]
module dec: [L] -> [D] = nn.Linear(L, D)
compute qy = OneHotCategorical(logits=classify(x))
sample y ~ qy with Expect()
compute h = enc(concat([x, y]))
compute q = Normal(h[0], sqrt(softplus(h[1])))
sample z ~ q with Reparameterization()
compute p = prior(y)
cost kl_y = kl_divergence(qy, OneHotCategorical(logits=zeros([K])))
cost kl_z = log_prob(q, z) - log_prob(Normal(p[0], sqrt(softplus(p[1]))), z)
observe image = x ~ Bernoulli(logits=dec(z))
