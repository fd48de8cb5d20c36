story Example
plate data
input x[data, 2]
distribution policy: [2] -> [2]
compute v = policy(x) + 1
compute w = policy
compute q = policy(x)
sample y ~ policy with ScoreFunction()
sample u ~ polcy(x) with ScoreFunction()
sample m ~ MixtureSameFamily(Categorical(logits=x), policy(x)) with ScoreFunction()
sample a ~ policy(x, x) with ScoreFunction()
sample b ~ policy(x[0]) with ScoreFunction()
sample d ~ policy(loc=x) with ScoreFunction()
cost c = sum(q.mean) + kl_divergence(q, Normal(x, 1))
cost g = sum(y + u + a + b + d + v + w + m)
