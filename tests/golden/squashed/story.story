story Squashed
"""A policy whose actions lie between bounds, with its entropy estimated from its own draws."""
dim A = 2
plate data
input s[data, 4]
module policy: [4] -> [2 * A]
module critic: [4], [A] -> []
compute h = policy(s)
compute q = TransformedDistribution(Normal(h[:A], exp(h[A:])), [TanhTransform(), AffineTransform(0, 2)])
sample a ~ q with Reparameterization()
cost temperature = 0.2 * log_prob(q, a)
cost value = -critic(s, a)
