story MethodAndFamily
param l[3] = 0.0
compute q = Categorical(logits=l)
sample a ~ Normal(l[0], 1) with GumbelSoftmax(n=2)
sample b ~ Poisson(rate=exp(l[1])) with GumbelSoftmax(temperature=0.5)
sample d ~ q with GumbelSoftmax()
cost c = a ** 2 + b + d
