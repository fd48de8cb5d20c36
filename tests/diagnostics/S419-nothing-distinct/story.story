story Nothing
param w = 0.4
module net: [] -> []
module normed: [1] -> [1] = nn.Sequential(nn.Linear(1, 1), nn.Dropout(0.5))
function env stateful batched nondiff: [] -> []
function reward: [] -> []
sample z ~ Bernoulli(logits=w) with ScoreFunction() using MonteCarlo(n=4, distinct=true)
compute a = env(z) + reward(z)
cost   c = net(z * w) + normed(z * ones([1]))[0] + a
sample u ~ Normal(w, 1) with ScoreFunction() using MonteCarlo(n=4, distinct=true)
cost   d = net(u)
