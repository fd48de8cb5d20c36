story BetaTCVAE
"""Total correlation (Chen et al. 2018), by minibatch weighted sampling: the minibatch stands in two plates."""

dim D = 6
dim L = 2
plate data
plate others
input  x[data, D]
input  x_others[others, D]
input  N
input  beta
module encode: [D] -> [2 * L] = nn.Linear(D, 2 * L)
module decode: [L] -> [D] = nn.Linear(L, D)

compute h = reshape(encode(x), [2, L])
compute q = Normal(h[0], exp(h[1]))
sample  z ~ q with Reparameterization()
compute g = reshape(encode(x_others), [2, L])
compute each_other = log_prob(Normal(g[0], exp(g[1])), z, reduction="none")
compute log_q = logmeanexp(sum(each_other), over=others) - log(N)
compute log_marginals = sum(logmeanexp(each_other, over=others) - log(N))
cost    information = log_prob(q, z) - log_q
cost    total_correlation = beta * (log_q - log_marginals)
cost    dimensions = log_marginals - log_prob(Normal(0, 1), z)
observe x ~ Bernoulli(logits=decode(z))
