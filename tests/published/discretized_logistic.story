story DiscretizedLogistic
"""Pixels as in PixelCNN++ (Salimans et al. 2017): where the bin is narrow its density stands in, cut as the two all but agree."""

plate data
input x[data, 6]
module enc: [6] -> [2, 3]
module dec: [3] -> [6] = nn.Linear(3, 6)
param log_scale[6] = zeros()
compute h = enc(x)
compute q = Normal(h[0], exp(h[1]))
sample z ~ q with Reparameterization()
cost kl = kl_divergence(q, Normal(0, 1))
compute mean_ = dec(z)
compute inv = exp(-log_scale)
compute plus = inv * (x - mean_ + 1 / 255)
compute minus = inv * (x - mean_ - 1 / 255)
compute delta = sigmoid(plus) - sigmoid(minus)
compute mid = inv * (x - mean_)
compute logp = where(x < -0.999, plus - softplus(plus), where(x > 0.999, -softplus(minus), where(stop_gradient(delta > 1e-5), log(clamp(delta, 1e-12, inf)), mid - log_scale - 2 * softplus(mid) - 4.848)))
cost nll = -sum(logp)
