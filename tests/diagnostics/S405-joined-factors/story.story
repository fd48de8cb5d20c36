story JoinedFactors
param l[20] = 0.0
module decoder: [20] -> []
sample a ~ Bernoulli(logits=l) with Expect()
sample b ~ Bernoulli(logits=l) with Expect()
sample c ~ Bernoulli(logits=l) with Expect()
sample d ~ Bernoulli(logits=l) with Expect()
sample e ~ Bernoulli(logits=sum(d)) with ScoreFunction()
sample f ~ Bernoulli(logits=l) with Expect()
cost r = logmeanexp(sum(a), over=a)
cost s = decoder(b) + sum(b)
compute t = sum(c * l)
cost u = t + exp(t)
cost v = e + f[0]
report w = sum(f)
