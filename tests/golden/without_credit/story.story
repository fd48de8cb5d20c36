story Bonus
"""A policy above a latent state: the bonus and the divergence credit nobody."""

plate data sum
input x[data, 3]
module net: [2] -> [2]
param m[2, 3] = zeros()
sample z ~ Normal(m @ x, 1) with Reparameterization()
compute h = net(z)
compute policy = Categorical(logits=h)
sample a ~ policy with ScoreFunction(n=4, baseline=batch_average)
compute paid = (a - sum(z)) ** 2
compute bonus = without_credit(entropy(policy) + 0.1 * sum(z ** 2))
cost c = 2 * (paid - 0.01 * bonus) + without_credit(sum(m ** 2) * a)
report gained = -c
