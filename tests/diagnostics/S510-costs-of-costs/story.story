story Example
plate data
input x[data, 4]
module encoder: [4] -> [3]
module decoder: [3] -> [4]
compute q = Normal(encoder(x), 1)
sample z ~ q
cost kl = kl_divergence(q, Normal(0, 1))
cost rec = sum(mse_loss(decoder(z), x))
compute elbo = rec + 0.5 * kl
cost total = mean(elbo, over=data)
