story Example
plate data
input x[data, 3]
param w[3] = zeros()
sample d ~ Categorical(logits=x + w) with ScoreFunction(n=4, normalise=true)
sample e ~ Categorical(logits=x + w) with ScoreFunction(n=4, normalize=true, eps=-1)
cost one = d + e
