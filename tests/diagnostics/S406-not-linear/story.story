story NotLinear
dim T
input x[T]
param m = 0.0
for t in range(T) from z = 0, total = 0, h = 0:
    sample z ~ Bernoulli(logits=m * x[t] + z) with Expect()
    compute total = total + z * m
    sample y ~ Bernoulli(logits=h) with Expect()
    compute h = tanh(h + y)
    cost c = y
compute g = -total / 2
cost d = exp(g)
