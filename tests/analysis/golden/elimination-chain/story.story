story Chain
param w = 0.3
for t in range(3) from z = 0.0, total = 0.0, h = w:
    compute before = z
    sample z ~ Bernoulli(logits=w + before) with Expect()
    cost pair = z * before
    cost now = z ** 2
    compute total = total + z
    compute h = h * w
cost last = z * h + total
