story Reinforce
"""The same without a critic: returns are compared with the average that each step had so far."""

dim H = 64
dim T = 500
plate carts

input    start[carts, 4]
input    reward[T]
module   policy: [4] -> [2] = nn.Sequential(nn.Linear(4, H), nn.Tanh(), nn.Linear(H, 2))
function step batched nondiff stateful: []: int -> [4], []: bool

for t in range(T) from state = start:
    sample  action ~ Categorical(logits=policy(state)) with ScoreFunction(baseline=moving_average)
    compute state, fallen = step(action)
    cost    loss = -reward[t]
    stop when fallen
