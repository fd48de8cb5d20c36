story InALoop
param w = 0.1
for t in range(3) from h = w:
    sample z ~ Normal(h, 1)
    compute h = h + z
    cost d = h
cost c = h
