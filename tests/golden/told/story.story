story Told
"""A policy of two actions, its critic told of the state; it may stop."""

plate data
input start[data, 4]
module policy: [4] -> [3] = nn.Linear(4, 3)
module cell: [3], [4] -> [4] = nn.GRUCell(3, 4)
module critic: [3], [4], []: int -> []
function reward batched nondiff: [4], []: int -> []

for t in range(5) from h = start:
    sample a ~ Categorical(logits=policy(h)) with RELAX(n=2, c_phi=critic(a, h, t))
    cost loss = -reward(h, a)
    compute h = cell(one_hot(a, 3), h)
    stop when a == 0
