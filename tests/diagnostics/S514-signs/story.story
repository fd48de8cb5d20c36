story Example
plate data
input x[data, 4]
module encoder: [4] -> [3]
module decoder: [3] -> [4]
compute q = Normal(encoder(x), 1)
sample z ~ q
cost fit = log_prob(Normal(decoder(z), 1), x)
cost kl = -kl_divergence(q, Normal(0, 1))
cost ratio = log_prob(Normal(encoder(x), 1), stop_gradient(z)) - log_prob(Normal(0, 1), stop_gradient(z))
