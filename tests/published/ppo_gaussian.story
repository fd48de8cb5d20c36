story PPOGaussian
"""The same for continuous actions, the policy's spread a param of its own."""

dim O = 4
dim A = 2
plate steps

input  seen[steps, O]
input  action[steps, A]
input  old_log_prob[steps]
input  advantage[steps]
param  log_std[A] = zeros()
module policy: [O] -> [A] = nn.Sequential(nn.Linear(O, 8), nn.Tanh(), nn.Linear(8, A))

compute policy_now = Normal(policy(seen), exp(log_std))
compute ratio = exp(log_prob(policy_now, action) - old_log_prob)
cost    surrogate = -minimum(ratio * advantage, clamp(ratio, 1 - 0.2, 1 + 0.2) * advantage)
cost    bonus = -0.01 * entropy(policy_now)
