story InALoop
param w = 0.4
for t in range(3):
    compute h = h + w
    cost c = h
for s in range(3) from a = 0, b = a + 1:
    compute a = a + w
    compute b = a * b
cost d = b
