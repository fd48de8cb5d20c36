story Reinforce
"""REINFORCE with an entropy bonus, a learned baseline and a discount."""

dim T = 4
plate carts

input    start[carts, 4]
input    gamma
module   policy: [4] -> [2] = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
module   value: [4] -> [1] = nn.Linear(4, 1)
function step batched nondiff stateful: []: int -> [4], [], []: bool

for t in range(T) from state = start:
    compute policy_now = Categorical(logits=policy(state))
    sample  action ~ policy_now with ScoreFunction(baseline=value(state)[0])
    cost    bonus = -0.01 * entropy(policy_now)
    compute state, reward, fallen = step(action)
    cost    loss = -gamma ** t * reward
    stop when fallen
