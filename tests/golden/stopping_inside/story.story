story Pages
"""Writes lines of letters until the page is full; a line ends by itself too."""
dim H = 3
plate data
input x[data, H]
module line: [H] -> [H]
module letter: [H + 1] -> [H]
module out: [H] -> []
for i in range(3) from page = x:
    for j in range(4) from h = line(page), y = 0.0:
        compute h = tanh(letter(concat([h, stack([y])])))
        sample y ~ Bernoulli(logits=out(h)) with ScoreFunction(n=4, baseline=batch_average)
        cost miss = (y - h[0]) ** 2
        stop when h[1] > 0.9
    compute page = page + h
    report length = sum(sequence(alive))
    stop when page[0] > 2
cost unfinished = square(page[1])
