story GRPO
"""Group relative policy optimisation (Shao et al. 2024), one step on the policy that writes: advantages of a group."""

dim V = 6
dim H = 5
dim T = 3
plate prompts
input    prompt[prompts, H]
module   cell: [V], [H] -> [H] = nn.GRUCell(V, H)
module   out: [H] -> [V] = nn.Linear(H, V)
module   reference frozen: [H] -> [V]
function reward batched nondiff: [H], [T]: int -> []

for t in range(T) from h = prompt, y = 0:
    compute h = cell(one_hot(y, V), h)
    compute pi_ = Categorical(logits=out(h))
    sample  y ~ pi_ with ScoreFunction(n=4, baseline=batch_average, normalize=true)
    compute away = log_prob(Categorical(logits=reference(stop_gradient(h))), y) - log_prob(pi_, y)
    cost    kl = 0.04 * without_credit(exp(away) - away - 1)
cost unrewarded = -reward(prompt, sequence(y))
