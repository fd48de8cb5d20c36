story Example
plate games
input s[games, 4]
module actor: [4] -> [3]
module critic: [4] -> []
function env batched nondiff stateful: []: int -> [4], []
compute q = Categorical(logits=actor(s))
sample a ~ q with ScoreFunction(baseline=stop_gradient(-critic(s)))
compute state, reward = env(a)
compute target = stop_gradient(reward + 0.9 * critic(state))
cost unrewarded = -target
cost bonus = -0.01 * entropy(q)
cost fit = (critic(s) - target) ** 2
