story Nested
param w = 0.1
for t in range(3) from h = w, g = w:
    sample a ~ Normal(g, 1)
    for s in range(2) from k = h:
        cost c = k
        sample b ~ Normal(k + a, 1)
        compute k = b
    compute h = k
    compute g = mean(h, over=b)
    cost d = g
