story Through
dim A = 3
plate data
input s[data, A]
input w[data, A]
module policy: [A] -> [A]
module heads: [A] -> [A], [A]
module deviation: [A] -> [A] = nn.Linear(A, A)
compute scores = policy(s)
compute twice = scores * 2 + 1
compute first, second = heads(s)
sample a ~ Categorical(scores)
sample b ~ Categorical(twice)
sample c ~ Bernoulli(scores[0])
sample d ~ Categorical(first)
sample e ~ Categorical(w)
sample f ~ Normal(0, 1 + deviation(s)[0])
sample g ~ Categorical(softmax(scores))
sample h ~ Categorical(scores / sum(scores))
sample i ~ Categorical(probs=scores)
sample j ~ Normal(0, softplus(deviation(s)[0]))
sample k ~ Normal(0, exp(scores[0]))
cost loss = a + b + c + d + e + f + g + h + i + j + k
