story ActorCritic
"""A2C as published: the policy's loss at the actions taken, an entropy bonus, the critic's error."""

dim T
plate carts

input    state[carts, 4]
input    rewards[T]
input    discount
module   actor: [4] -> [2] = nn.Sequential(nn.Linear(4, 64), nn.Tanh(), nn.Linear(64, 2))
module   critic: [4] -> [1] = nn.Sequential(nn.Linear(4, 64), nn.Tanh(), nn.Linear(64, 1))
function step batched nondiff stateful: []: int -> [4], []: bool

for t in range(T) from s = state:
    compute q = Categorical(logits=actor(s))
    compute value = sum(critic(s))
    sample  action ~ q with ScoreFunction()
    compute s, fallen = step(action)
    compute next = 0.0 if fallen else sum(critic(s))
    compute target = stop_gradient(rewards[t] + discount * next)
    cost    policy = -without_credit(stop_gradient(target - value) * log_prob(q, action))
    cost    bonus = -0.01 * without_credit(entropy(q))
    cost    error = 0.5 * without_credit((target - value) ** 2)
    stop when fallen
report lasted = sum(float(sequence(alive)))
