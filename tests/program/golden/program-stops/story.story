story Stops
plate data
dim H = 3
input x[data, H]
module cell: [H + 1] -> [H]
module out: [H] -> []
module value: [H] -> []
for t in range(5) from h = x, y = 0.0:
    compute h = tanh(cell(concat([h, stack([y])])))
    sample y ~ Bernoulli(logits=out(h)) with ScoreFunction(n=2, baseline=value(h))
    cost miss = (y - 0.3) ** 2
    stop when y == 1
cost length = sum(h ** 2)
