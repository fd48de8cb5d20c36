story Enumerated
plate data
input x[data]
sample e ~ Bernoulli(logits=x) with Expect()
compute s = mean(e, over=data)
compute t = sum(e, over=data)
compute u = mean(e, over=[data, e])
cost c = (s + t + u) ** 2
