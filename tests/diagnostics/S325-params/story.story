story Learned
plate data
input x[data]
param s = 1.0
param p[3] = zeros()
param t = 1.0
param w[3] = normal(0, 1)
param u[2, 3] = normal(0, 1)
input x2[data, 3]
module f: [] -> []
module heads: [] -> [], []
compute loc, scale = heads(x)
compute spread = 2 * s
sample a ~ Normal(0, spread)
sample b ~ Bernoulli(p) with ScoreFunction()
sample c ~ Bernoulli(probs=p[0]) with ScoreFunction()
sample d ~ Poisson(f(x)) with ScoreFunction()
sample e ~ Normal(loc, scale)
sample g ~ OneHotCategorical(logits=w) with GumbelSoftmax(temperature=t)
sample h ~ Normal(0, exp(s))
sample i ~ Normal(0, clamp(scale, min=0.001))
sample j ~ Bernoulli(probs=sigmoid(p)) with ScoreFunction()
sample k ~ Normal(0, s * s)
sample l ~ Dirichlet(softplus(w))
sample m ~ RelaxedBernoulli(0.5, p[1])
sample n ~ Categorical(probs=u @ x2) with ScoreFunction()
cost total = n + a + sum(b) + c + d + e + sum(g) + h + i + sum(j) + k + sum(l) + m
