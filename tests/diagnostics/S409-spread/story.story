story Example
plate data
input x[data, 3]
param w[3] = zeros()
sample a ~ Categorical(logits=x + w) with ScoreFunction(normalize=true)
sample b ~ Categorical(logits=x + w) with ScoreFunction(n=4, normalize=true)
sample c ~ Categorical(logits=x + w) with ScoreFunction(normalize=true, baseline=moving_average)
cost one = a + logmeanexp(b * 1.0, over=b) + c
