story RLOO
"""RLOO (Ahmadian et al. 2024): leave-one-out over completions, the divergence from a reference inside the reward."""

dim V = 6
dim H = 5
dim T = 4
plate data

input    prompt[data]: int
input    beta
module   start: []: int -> [H] = nn.Embedding(V, H)
module   cell: [V], [H] -> [H] = nn.GRUCell(V, H)
module   out: [H] -> [V] = nn.Linear(H, V)
module   ref_cell frozen: [V], [H] -> [H]
module   ref_out frozen: [H] -> [V]
module   ref_start frozen: []: int -> [H]
function reward batched nondiff: []: int, [T]: int -> []

for t in range(T) from h = start(prompt), g = ref_start(prompt), y = one_hot(0, V):
    compute h = cell(y, h)
    compute g = ref_cell(y, g)
    compute policy_now = OneHotCategorical(logits=out(h))
    sample  y ~ policy_now with ScoreFunction(n=4, baseline=batch_average)
    compute token = argmax(y)
    compute kl = log_prob(policy_now, y) - log_prob(OneHotCategorical(logits=ref_out(g)), y)
    cost    penalty = beta * kl
    stop when token == 0
cost loss = -reward(prompt, sequence(token))
