story OptionKinds
dim K = 3
plate data
input x[data, K]
use my.methods: Mine
param w[K] = 0.0
compute q = Normal(w, 1)
sample a ~ q with ScoreFunction(n=2.5)
sample b ~ q with ScoreFunction(n=w)
sample d ~ q with ScoreFunction(baseline=batch_averge)
sample e ~ q with ScoreFunction(baseline=w)
sample f ~ q with ScoreFunction(decay=sum(w))
sample g ~ Bernoulli(sigmoid(w)) with GumbelSoftmax(straight_through=1, temperature=true)
sample h ~ Bernoulli(sigmoid(w)) with GumbelSoftmax(temperature=w)
sample i ~ q with ScoreFunction() using ImportanceSampling(n=2, proposal=Normal(0, 1))
sample j ~ q with ScoreFunction() using ImportanceSampling(n=2, proposal=Normal(x, 1))
sample k ~ q with Mine(size=w, list=[1, 2])
cost c = sum(a + b + d + e + f + g + h + i + j + k)
