story Outputs
dim S = 4
dim A = 3
plate data
input s[data, S]
module policy: [S] -> [A]
module scores: [S] -> [A] = nn.Sequential(nn.Linear(S, 8), nn.Sequential(nn.ReLU(), nn.Linear(8, A)))
module shares: [S] -> [A] = nn.Sequential(nn.Linear(S, A), nn.Softmax(1))
module deviation: [S] -> [A] = nn.Linear(S, A)
module spread: [S] -> [A] = nn.Sequential(nn.Linear(S, A), nn.Softplus())
sample a ~ Categorical(policy(s))
sample b ~ OneHotCategorical(scores(s))
sample c ~ Bernoulli(scores(s))
sample d ~ Normal(scores(s), deviation(s))
sample e ~ Dirichlet(concentration=deviation(s))
sample f ~ Categorical(shares(s))
sample g ~ Categorical(probs=policy(s))
sample h ~ Categorical(logits=policy(s))
sample i ~ Normal(scores(s), spread(s))
sample j ~ Normal(scores(s), exp(deviation(s)))
sample k ~ Categorical(softmax(policy(s), dim=0))
sample l ~ Normal(scores(s), policy(s))
cost loss = a + f + g + h + k + sum(b + c + d + e + i + j + l)
