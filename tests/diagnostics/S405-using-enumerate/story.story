story UsingEnumerate
param a[20] = zeros()
sample z ~ Bernoulli(logits=a) with ScoreFunction() using Enumerate(budget=1000)
sample y ~ Normal(sum(a), 1) using Enumerate()
cost c = sum(z) ** 2 * y
