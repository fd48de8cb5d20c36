story Loops
param u = 0.4
sample a ~ Bernoulli(logits=u) with REBAR()
for t in range(3) from h = a, g = u:
    cost c = stop_gradient(h) * a
    compute g = g * u
    compute h = g
sample b ~ Bernoulli(logits=u) with REBAR()
for s in range(3) from k = stop_gradient(b):
    compute k = k * u
    cost d = k * b
sample e ~ Bernoulli(logits=u) with REBAR()
for r in range(3) from i = e:
    sample f ~ Bernoulli(logits=u + i) with ZGR()
    compute i = i * u + f
cost j = i ** 2
