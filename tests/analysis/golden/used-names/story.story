story Used
param w = 0.3
param v = 0.3
compute a = w + 1
compute b = v + 1
sample z ~ Normal(a, 1)
sample y ~ Normal(b, 1)
for t in range(3) from h = w, g = w:
    compute k = h
    compute h = z + k
    compute g = g + 1
report r = h
cost c = 1 + z
