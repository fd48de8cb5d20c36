story LanguageModel
"""Fine-tune a language model on the reward of a program, not far from where it started."""

dim P
dim T = 8
plate prompts

input        prompt[prompts, P]: int
input        beta
distribution policy discrete: [P]: int -> [T]: int
distribution reference discrete frozen: [P]: int -> [T]: int
function     reward batched nondiff: [P]: int, [T]: int -> []

sample written ~ policy(prompt) with ScoreFunction(n=4, baseline=batch_average)
cost   unrewarded = -reward(prompt, written)
cost   kl = beta * (log_prob(policy(prompt), written) - log_prob(reference(prompt), written))
