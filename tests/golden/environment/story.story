story Environment
"""Episodes of different lengths in an environment that the user keeps."""

dim H = 3
dim T
plate carts
input  start[carts, 4]
input  discount[T]
input  left[carts]: int
function env batched nondiff stateful: []: int -> [4], [], []: bool
module cell: [4], ([H], [H]) -> ([H], [H]) = nn.LSTMCell(4, H)
module policy: [H] -> [2] = nn.Linear(H, 2)

for t in range(T) from (seen = start, h = zeros([H]), c = zeros([H])):
    compute h, c = cell(seen, [h, c])
    sample  action ~ Categorical(logits=policy(h)) with ScoreFunction(n=2, baseline=batch_average)
    compute seen, reward, fallen = env(action)
    cost    loss = -discount[t] * reward
    stop when fallen or t + 1 >= left
