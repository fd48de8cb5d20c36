story GRPOClipped
"""GRPO's later steps (Shao et al. 2024): a clipped ratio to the policy that wrote, and the k3 estimate of a KL."""

dim S = 5
dim A = 4
plate prompts
input    prompt[prompts, S]
module   old frozen: [S] -> [A]
module   reference frozen: [S] -> [A]
module   policy: [S] -> [A] = nn.Linear(S, A)
function reward batched nondiff: [S], []: int -> []

sample  o ~ Categorical(logits=old(prompt)) with ScoreFunction(n=6)
compute r = reward(prompt, o)
compute average = mean(r, over=o)
compute advantage = (r - average) / (sqrt(mean((r - average) ** 2, over=o)) + 1e-4)
compute log_p = log_prob(Categorical(logits=policy(prompt)), o)
compute ratio = exp(log_p - log_prob(Categorical(logits=old(prompt)), o))
cost    surrogate = -minimum(ratio * advantage, clamp(ratio, 0.8, 1.2) * advantage)
compute log_ref = log_prob(Categorical(logits=reference(prompt)), o) - log_p
cost    kl = 0.04 * (exp(log_ref) - log_ref - 1)
