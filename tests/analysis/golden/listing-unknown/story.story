story Unknown
dim T
input x[T]
param w = 0.3
for t in range(T):
    sample z ~ Bernoulli(logits=w) with Expect()
    sample y ~ Normal(z, 1)
    cost c = y * x[t]
for s in range(40):
    sample u ~ Bernoulli(logits=w) with Expect(budget=10)
    sample v ~ Normal(u, 1)
    cost d = v
