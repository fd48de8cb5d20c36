story Stopping

plate carts

input    start[carts, 4]
module   policy: [4] -> [2]
module   value: [4] -> []
function step batched nondiff stateful: []: int -> [4], []: bool

for t in range(10) from state = start:
    sample  action ~ Categorical(logits=policy(state)) with ScoreFunction(baseline=value(state))
    compute state, fallen = step(action)
    cost    loss = -1
    stop when fallen
