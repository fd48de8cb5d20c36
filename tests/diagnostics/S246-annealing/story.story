story Annealing
param tau = 1.0
param w[3] = zeros()
sample z ~ OneHotCategorical(logits=w) with GumbelSoftmax(temperature=exp(tau), annealing_rate=0.01)
sample y ~ OneHotCategorical(logits=w) with GumbelSoftmax(min_temperature=0.1, annealing_rate=0.01)
cost c = z[0] * y[1]
