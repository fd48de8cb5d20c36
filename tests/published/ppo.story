story PPO
"""Proximal policy optimisation (Schulman et al. 2017) on steps of old rollouts: clipped ratio, clipped values, entropy."""

dim O = 4
dim A = 3
plate steps

input  seen[steps, O]
input  action[steps]: int
input  old_log_prob[steps]
input  advantage[steps]
input  target[steps]
input  old_value[steps]
module policy: [O] -> [A] = nn.Sequential(nn.Linear(O, 8), nn.Tanh(), nn.Linear(8, A))
module value: [O] -> [1] = nn.Sequential(nn.Linear(O, 8), nn.Tanh(), nn.Linear(8, 1))

compute policy_now = Categorical(logits=policy(seen))
compute ratio = exp(log_prob(policy_now, action) - old_log_prob)
compute scaled = (advantage - mean(advantage, over=steps)) / 1.5
cost    surrogate = max(stack([-scaled * ratio, -scaled * clamp(ratio, 0.8, 1.2)]))
compute v = value(seen)[0]
compute clipped = old_value + clamp(v - old_value, -0.2, 0.2)
cost    critic = 0.5 * maximum((v - target) ** 2, (clipped - target) ** 2)
cost    bonus = -0.01 * entropy(policy_now)
report  kl = old_log_prob - log_prob(policy_now, action)
report  clipfrac = abs(ratio - 1) > 0.2
