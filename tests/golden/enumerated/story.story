story Enumerated
"""An enumerated switch is stored without the data plate, which only its weights carry."""

plate data
input  x[data, 3]
module gate: [3] -> []
module reward: [] -> []

sample  e ~ Bernoulli(logits=gate(x)) with Expect()
compute r = reward(e)
cost    loss = (r - sum(x)) ** 2
cost    size = e
report  chosen = mean(r, over=e)
