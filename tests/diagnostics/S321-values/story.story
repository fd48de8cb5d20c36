story Values
plate data
input x[data]
input y[data, 4]
input k[data]: int
param w[3] = 0.0
sample z ~ Normal(0, 1)
observe x ~ Normal(w + z, 1)
observe y ~ Normal(w + z, 1)
observe k ~ OneHotCategorical(logits=w)
observe other = x ~ Categorical(logits=w)
cost c = log_prob(Normal(w, 1), z)
