story SAC
"""Soft actor-critic (Haarnoja et al. 2018), the policy's step: critics that it does not train."""

dim O = 4
dim A = 2
plate data
input  s[data, O]
input  alpha
module policy: [O] -> [2 * A] = nn.Linear(O, 2 * A)
module q_1 frozen: [O], [A] -> []
module q_2 frozen: [O], [A] -> []

compute h = reshape(policy(s), [2, A])
compute actor = TransformedDistribution(Normal(h[0], exp(clamp(h[1], -20, 2))), [TanhTransform()])
sample  a ~ actor with Reparameterization()
cost    loss = alpha * log_prob(actor, a) - minimum(q_1(s, a), q_2(s, a))
