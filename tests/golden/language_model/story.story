story Tune
dim P
dim T = 4
plate prompts
input prompt[prompts, P]: int
distribution policy discrete: [P]: int -> [T]: int
distribution ref discrete frozen: [P]: int -> [T]: int
function reward batched nondiff: [P]: int, [T]: int -> []
sample y ~ policy(prompt) with ScoreFunction(n=4, baseline=batch_average)
cost r = -reward(prompt, y)
cost kl = 0.1 * (log_prob(policy(prompt), y) - log_prob(ref(prompt), y))
