story DiscreteVAE
"""Variational auto-encoder with K categorical latent variables of C choices each."""

dim K = 2
dim C = 10
plate data

input  x[data, 784]
module encoder: [784] -> [K * C]
module decoder: [K * C] -> [784]

compute q = OneHotCategorical(logits=reshape(encoder(x), [K, C]))
sample  z ~ q with ScoreFunction(n=10, baseline=batch_average)
cost    kl = kl_divergence(q, OneHotCategorical(probs=full([K, C], 1 / C)))
compute x_hat = decoder(flatten(z))
cost    reconstruction = sum(binary_cross_entropy_with_logits(x_hat, x))
