story Clipped
"""PPO's step on rollouts that an earlier policy has written: the ratio to it, clipped."""

dim P
dim T = 8
plate prompts
plate rollouts

input        prompt[prompts, P]: int
input        written[prompts, rollouts, T]: int
input        before[prompts, rollouts]
input        advantage[prompts, rollouts]
distribution policy discrete: [P]: int -> [T]: int

compute ratio = exp(log_prob(policy(prompt), written) - before)
cost    loss = -minimum(ratio * advantage, clamp(ratio, 0.8, 1.2) * advantage)
report  moved = abs(ratio - 1)
