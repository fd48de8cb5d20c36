story Critics
plate data
input u[data]
module critic: [], [] -> []
module pair: [], ([], []) -> []
for t in range(3) from y = 0, h = 0.2:
    compute before = y
    sample y ~ Bernoulli(logits=u + before + h) with RELAX(c_phi=critic(h, before))
    sample a ~ Bernoulli(logits=u) with RELAX(c_phi=critic(a, a))
    sample b ~ Bernoulli(logits=u) with RELAX(c_phi=critic(2 * b, h))
    sample c ~ Bernoulli(logits=u) with RELAX(c_phi=critic(c, b + c))
    sample d ~ Bernoulli(logits=u) with RELAX(c_phi=pair(d, [h, h]))
    compute h = 0.6 * h + y
    cost e = (h - u) ** 2 + a + b + c + d
