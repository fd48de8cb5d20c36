story SoftActorCritic
"""The policy's step of soft actor-critic: two frozen critics judge what a squashed normal chooses."""

dim S
dim A = 1
plate states

input  state[states, S]
input  temperature
module policy: [S] -> [2 * A]
module first frozen: [S], [A] -> []
module second frozen: [S], [A] -> []

compute h = reshape(policy(state), [2, A])
compute actor = TransformedDistribution(Normal(h[0], exp(clamp(h[1], -5, 2))), [TanhTransform()])
sample  action ~ actor with Reparameterization(n=1)
compute log_pi = log_prob(actor, action)
cost    loss = temperature * log_pi - minimum(first(state, action), second(state, action))
report  entropy = -log_pi
