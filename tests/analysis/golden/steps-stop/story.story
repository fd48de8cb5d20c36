story Stop
param w = 0.1
for t in range(3) from h = w:
    sample z ~ Normal(h, 1)
    cost c = w
    for s in range(2):
        sample y ~ Normal(w, 1)
        compute a = y
    cost d = sequence(a)[0]
    compute h = w
    stop when z > 1
cost last = h
