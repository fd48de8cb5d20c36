story A2C
"""Advantage actor-critic (Mnih et al. 2016), one step with a bootstrapped return and an entropy bonus."""

dim O = 4
dim A = 3
plate games
input    s[games, O]
input    gamma
module   actor: [O] -> [A] = nn.Linear(O, A)
module   critic: [O] -> []
module   reached frozen: [O] -> []             # the critic once more: what it says is credited, and not trained
function env batched nondiff stateful: []: int -> [O], [], []: bool

compute pi_ = Categorical(logits=actor(s))
sample  a ~ pi_ with ScoreFunction(baseline=stop_gradient(-critic(s)))
compute state, reward, over = env(a)
compute target = reward + gamma * where(over, 0, reached(state))
cost    unrewarded = -target
cost    bonus = -0.01 * entropy(pi_)
cost    fit = 0.5 * (critic(s) - stop_gradient(target)) ** 2
