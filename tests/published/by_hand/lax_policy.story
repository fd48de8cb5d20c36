story LAXPolicy
"""A policy gradient by LAX (Grathwohl et al. 2018): a critic of action and state, differentiated along the action."""

dim O = 4
dim A = 2
dim T = 3
plate episodes
input    start[episodes, O]
param    log_std[A] = zeros()
module   policy: [O] -> [A] = nn.Linear(O, A)
module   critic: [A], [O] -> []
function env batched nondiff: [O], [A] -> [O], []

for t in range(T) from s = start:
    sample  a ~ Normal(policy(s), exp(log_std)) with LAX(c_phi=critic(a, s))
    compute s, reward = env(s, a)
    cost    unrewarded = -reward
