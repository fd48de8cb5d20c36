story SquashedPolicy
"""REINFORCE for torques between -2 and 2: a normal variable through tanh, scored where it lands."""

dim O = 4
dim A = 2
plate data
input    s[data, O]
param    log_std[A] = zeros()
module   policy: [O] -> [A] = nn.Linear(O, A)
function reward batched nondiff: [O], [A] -> []

compute torque = TransformedDistribution(Normal(policy(s), exp(log_std)), [TanhTransform(), AffineTransform(0, 2)])
sample  a ~ torque with ScoreFunction(n=4, baseline=batch_average)
cost    unrewarded = -reward(s, a)
