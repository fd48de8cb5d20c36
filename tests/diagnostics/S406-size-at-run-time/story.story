story SizeAtRunTime
dim D
plate data
input l[data, D]
input n[data]: int
sample a ~ Bernoulli(logits=l) with Expect()
sample b ~ Categorical(logits=l) with Expect()
sample d ~ Binomial(total_count=n, probs=0.5) with Expect()
cost c = sum(a) + b + d
