story HotterThanDrawn
plate data
input heat[data]
param v[3] = zeros()
sample a ~ Bernoulli(logits=v[0]) with ScoreFunction(n=4)
sample fixed ~ OneHotCategorical(logits=v) with GumbelSoftmax(temperature=0.3 + 2 * a)
sample warm ~ OneHotCategorical(logits=v) with ReinMax(temperature=1 + exp(heat))
sample each_one ~ OneHotCategorical(logits=v) each data with GumbelSoftmax(temperature=exp(heat))
sample well ~ OneHotCategorical(logits=v + a) with GumbelSoftmax(temperature=0.3 + 2 * a)
sample met ~ OneHotCategorical(logits=v) with GumbelSoftmax(temperature=0.3 + 2 * a) in a
cost c = (met[0] + fixed[0] + warm[0] + each_one[0] + well[0] - 0.2) ** 2
