story Budget
dim K = 20
param l[K] = 0.0
param w[100, 50] = 0.0
module f: [100]: int -> []
compute q = Bernoulli(logits=l)
sample a ~ q with Expect()
sample b ~ Bernoulli(logits=l[:3]) with Expect(budget=4)
sample d ~ Categorical(logits=w) with Expect()
sample e ~ Categorical(logits=l) with Expect(budget=10)
sample g ~ Bernoulli(logits=l) with Expect(budget=39)
cost c = sum(a) ** 2 + max(b) + e + sum(g * l)
cost h = f(d)
