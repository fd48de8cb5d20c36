story GRPO
"""Group relative policy optimisation (Shao et al. 2024), one step on the policy that writes: advantages of a group."""

dim V = 6
dim H = 5
dim T = 3
plate prompts
input    prompt[prompts, H]
module   cell: [V], [H] -> [H] = nn.GRUCell(V, H)
module   out: [H] -> [V] = nn.Linear(H, V)
function reward batched nondiff: [H], [T]: int -> []

for t in range(T) from h = prompt, y = 0:
    compute h = cell(one_hot(y, V), h)
    sample  y ~ Categorical(logits=out(h)) with ScoreFunction(n=4, baseline=batch_average, normalize=true)
cost unrewarded = -reward(prompt, sequence(y))
