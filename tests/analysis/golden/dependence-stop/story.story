story Stop
param w = 0.3
for t in range(3) from h = w:
    sample z ~ Normal(h, 1)
    compute h = w + 1
    sample y ~ Normal(w, 1)
    cost c = w
    stop when z > 1
cost last = h
cost d = sequence(y)[0]
