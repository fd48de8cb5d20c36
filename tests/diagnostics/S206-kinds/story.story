story Kinds
dim K = 2
plate data
input x[data, K]
module net: [K] -> [K]
param w[K] = 0.0
compute q = Normal(w, 1)
sample z ~ x
sample y ~ Normal
sample v ~ exp(w)
sample u ~ w + 1
compute a = q + 1
compute b = Normal(0, 1) * 2
compute c = data
compute d = net
compute e = exp
compute f = x(1)
compute g = K(1)
compute h = data(x)
compute i = ScoreFunction(x)
compute j = MonteCarlo(x)
compute k = q.mean()
compute l = x.shape
compute m = entropy(x)
compute n = x[net]
sample s ~ q with MonteCarlo()
sample t ~ q with ScoreFunction() using Expect()
sample r ~ q with net()
sample p ~ q with ScoreFunction() in x
cost o = mean(sum(x), over=x)
observe seen = x ~ q
cost twice = seen
