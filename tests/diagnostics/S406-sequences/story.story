story Sequences
dim T
input x[T]
param m = 0.0
for t in range(T - 1):
    sample z ~ Bernoulli(logits=m * x[t]) with Expect()
    cost c = z
cost d = sum(sequence(z)) ** 2
