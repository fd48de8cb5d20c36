story Example
plate data
input x[data, 4]
input mask[data, 4]
module encoder: [4] -> [3]
module decoder: [3] -> [4]
compute q = Normal(encoder(x), 1)
sample z ~ q
compute p = Normal(decoder(z), 1)
cost fit = -sum(mask * log_prob(p, x))
cost hidden = -sum(where(mask > 0, log_prob(p, x), 0))
cost kl = sum(kl_divergence(q, Normal(0, 1)))
