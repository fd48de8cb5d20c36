story SACPolicy
"""Soft actor-critic (Haarnoja et al. 2018): the policy's loss, a squashed action below two critics."""

dim O = 4
dim A = 2
plate data
input s[data, O]
input alpha
module policy: [O] -> [2, A]
module q_1: [O + A] -> [1] = nn.Sequential(nn.Linear(O + A, 8), nn.ReLU(), nn.Linear(8, 1))
module q_2: [O + A] -> [1] = nn.Sequential(nn.Linear(O + A, 8), nn.ReLU(), nn.Linear(8, 1))
compute h = policy(s)
compute pol = Normal(h[0], exp(clamp(h[1], -20, 2)))
sample u ~ pol with Reparameterization()
compute a = tanh(u)
compute logp = log_prob(pol, u) - sum(log(1 - a ** 2 + 1e-6))
compute q = minimum(q_1(concat([s, a]))[0], q_2(concat([s, a]))[0])
cost policy_loss = alpha * logp - q
