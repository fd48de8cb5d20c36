story Separated
"""Enumerated factors: each alone where costs allow, in pairs where neighbours meet."""

plate data
input  x[data, 20]
param  w[20, 10] = 0.0

compute q = OneHotCategorical(logits=w * unsqueeze(x, 1))
sample  z ~ q with Expect()
compute level = z @ linspace(0, 1, 10)
cost    fit = sum((level - x) ** 2)
compute prior = OneHotCategorical(logits=zeros([20, 10]))
cost    code = log_prob(q, z)
observe prior_code = z ~ prior
cost    rough = sum((level[1:] - level[:-1]) ** 2)
report  levels = mean(level, over=z)
