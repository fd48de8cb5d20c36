story ConvVAE
"""Convolutional variational auto-encoder with L binary latent variables."""

dim L = 24
plate data

input  x[data, 1, 8, 8]
module encoder: [1, 8, 8] -> [L]
module decoder: [L] -> [1, 8, 8]

compute q = Bernoulli(logits=encoder(x))
sample  z ~ q with ScoreFunction(n=4, baseline=batch_average)
cost    kl = kl_divergence(q, Bernoulli(probs=0.5))
cost    reconstruction = sum(binary_cross_entropy_with_logits(decoder(z), x))
