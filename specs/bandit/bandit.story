story Bandit
"""Actor and critic on a contextual bandit: one choice among A, and what it brings."""

dim A = 4
dim F
plate data

input    context[data, F]
module   policy: [F] -> [A]
module   critic: [F] -> []
function reward batched nondiff: [F], []: int -> []

compute actor  = Categorical(logits=policy(context))
sample  action ~ actor with ScoreFunction(n=1, baseline=critic(context))
cost    loss   = -reward(context, action)
report  spread = entropy(actor)
