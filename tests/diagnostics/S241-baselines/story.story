story Baselines
dim S = 4
plate data
input s[data, S]
param m = 0.0
module critic: [S] -> [1] = nn.Linear(S, 1)
compute value = critic(s)
sample u ~ Bernoulli(logits=m * sum(s)) with ScoreFunction(baseline="batch_average")
sample v ~ Bernoulli(logits=m * sum(s)) with ScoreFunction(baseline=mean)
sample w ~ Bernoulli(logits=m * sum(s)) with ScoreFunction(baseline=critic(s))
sample x ~ Bernoulli(logits=m * sum(s)) with ScoreFunction(baseline=value)
sample y ~ Bernoulli(logits=m * sum(s)) with ScoreFunction(baseline=s)
sample z ~ Bernoulli(logits=m * sum(s)) with ScoreFunction(baseline=running_average)
cost c = u + v + w + x + y + z
