story Outside
plate data
input x[data]
param s = 0.0
sample a ~ Normal(0, -exp(s))
compute p = 1 + x ** 2
sample b ~ Bernoulli(probs=p + 0.5)
sample c ~ Poisson(log(sigmoid(x)))
compute q = Gamma(1, min(tensor([-1.0, -2.0])))
sample d ~ q
sample e ~ Categorical(probs=-softmax(stack([s, s, x])))
cost loss = a + b + c + d + e
sample f ~ Bernoulli(probs=0.5) with GumbelSoftmax(temperature=-exp(s))
cost g = f
sample u ~ Uniform(1, 0)
cost h = u
compute odds = tensor([2.0, -1.0, 1.0])
sample k ~ Categorical(odds)
sample l ~ Categorical(tensor([2.0, 0.0, 1.0]))
cost i = k + l
