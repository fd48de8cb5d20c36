story Steps
dim T
dim V = 101
input x[T]
param w[V] = 0.0
for t in range(T) from y = 0, z = 0:
    sample z ~ Categorical(logits=w * z * x[t]) with Expect()
    sample y ~ Categorical(logits=w) with Expect(budget=100)
    cost c = y * z
for s in range(T):
    sample a ~ Categorical(logits=w) with Expect(budget=100)
    cost d = a * x[s]
