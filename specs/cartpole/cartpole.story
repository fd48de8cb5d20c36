story CartPole
"""Actor and critic: keep a pole on its cart upright for up to T steps, many carts at a time."""

dim H = 64
dim T
plate carts

input    start[carts, 4]
input    reward[T]
module   policy: [4] -> [2] = nn.Sequential(nn.Linear(4, H), nn.Tanh(), nn.Linear(H, 2))
module   value: [4] -> [1] = nn.Sequential(nn.Linear(4, H), nn.Tanh(), nn.Linear(H, 1))
function step batched nondiff stateful: []: int -> [4], []: bool

for t in range(T) from state = start:
    sample  action ~ Categorical(logits=policy(state)) with ScoreFunction(baseline=value(state)[0])
    compute state, fallen = step(action)
    cost    loss = -reward[t]
    stop when fallen
