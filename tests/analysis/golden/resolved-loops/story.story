story Loops
param w = 0.3
for t in range(3) from h = w, g = 0.0:
    sample a ~ Normal(h, 1)
    sample b ~ Normal(w, 1)
    cost c = round(g)
    compute g = b
    compute h = a
cost d = h
for s in range(3) from k = h:
    sample y ~ Normal(w, 1)
    compute k = y
    stop when y > 1
cost e = k
